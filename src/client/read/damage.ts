import { DAMAGE_HEADER, healthSchema } from "../../schema/api.ts";
import { wholeText } from "../answer-text.ts";
import type { Connection } from "../connection.ts";

/** A connection that remembers how many damaged blocks an answer was said to lack. */
export type WatchedConnection = Connection & { damagedBlocks(): number };

const MAX_HEALTH_BYTES = 1_000_000;

export function watchDamage(connection: Connection): WatchedConnection {
  let most = 0;
  return {
    ...connection,
    async request(path, init) {
      const response = await connection.request(path, init);
      most = Math.max(most, Number(response.headers.get(DAMAGE_HEADER) ?? 0));
      return response;
    },
    damagedBlocks: () => most,
  };
}

/**
 * How many damaged blocks the collector knows of. A stream has begun by the time it meets most of them, so that its own
 * header cannot tell. 0 where there is no answer: what was asked for is there.
 */
export async function askForDamage(connection: Connection): Promise<number> {
  try {
    const response = await connection.request("/health");
    return healthSchema.parse(JSON.parse(await wholeText(response, MAX_HEALTH_BYTES))).damaged_blocks;
  } catch {
    return 0;
  }
}
