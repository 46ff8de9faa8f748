import type { Severity } from "../schema/severity.ts";
import { createRandom } from "./random.ts";
import { type Scene, scenesOf } from "./scenes.ts";

export type SimulatedRecord = {
  timestamp: string;
  /** Absent where the token is to decide. */
  service?: string;
  severity: Severity;
  message: string;
  attributes: Record<string, unknown>;
};

/** Makes up records as a service might write them, stamped with `now`; the same seed tells the same story. */
export function createGenerator(seed: number, now: () => number): (service: string | undefined) => SimulatedRecord {
  const random = createRandom(seed);
  return (service) => {
    const { severity, tell } = pickByWeight(scenesOf(service), random.next());
    const timestamp = new Date(now()).toISOString();
    return { timestamp, ...(service !== undefined && { service }), severity, ...tell(random) };
  };
}

function pickByWeight(scenes: readonly Scene[], chance: number): Scene {
  let left = chance * scenes.reduce((sum, { weight }) => sum + weight, 0);
  for (const scene of scenes) {
    left -= scene.weight;
    if (left < 0) return scene;
  }
  return scenes.at(-1) as Scene;
}
