import type { Connection } from "../../client/connection.ts";
import { followRecords } from "../../client/read/follow-records.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import type { Renderer } from "../../render/renderer.ts";

export type FollowQuery = {
  /** As `filterParameters` gives it. */
  filter: URLSearchParams;
  /** How many of the newest records come first; may be infinite. */
  last: number;
  renderer: Renderer;
};

/**
 * Writes the newest matching records and then each as it arrives, at the pace of whoever reads the output. Never resolves:
 * throws `interrupted` once the context's signal is aborted, and else as `followRecords` does.
 */
export async function followQuery(
  connection: Connection,
  { filter, last, renderer }: FollowQuery,
  { stdout, stderr, signal }: CliContext,
): Promise<void> {
  const parameters = new URLSearchParams(filter);
  if (last === Number.POSITIVE_INFINITY) parameters.set("after", "0");
  else parameters.set("last", String(last));
  const onAway = () => stderr.write(`logctl: the collector at ${connection.baseUrl} went away; this goes on when it is back\n`);
  try {
    for await (const lines of followRecords(connection, parameters, { signal, onAway })) {
      stdout.write(renderer.render(lines));
      await stdout.drain();
    }
  } catch (error) {
    if (error instanceof LogctlError && error.code === "interrupted") stdout.write(renderer.finish());
    throw error;
  }
}
