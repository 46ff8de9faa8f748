import type { CliContext } from "../../context.ts";
import type { LogEvents } from "../../log-event.ts";
import type { Dropped, Retention } from "../../store/retention.ts";
import { parseDuration } from "./parse-duration.ts";
import { parseSize } from "./parse-size.ts";

export type RetentionFlags = { retain?: string; maxSize?: string };

/** The limits, and what the flags said, for people. */
export type RetentionLimits = { retention: Retention; retain: string; maxSize: string };

/** What the file needs beside the records themselves makes less than this a limit of nothing. */
const MIN_MAX_SIZE_BYTES = 10_000_000;

/** What is to be kept by the flags, or else the environment; undefined where it is all. Throws `usage`. */
export function readRetention(flags: RetentionFlags, { env }: CliContext): RetentionLimits | undefined {
  const retain = flags.retain ?? env["LOGCTL_RETAIN"] ?? "";
  const maxSize = flags.maxSize ?? env["LOGCTL_MAX_SIZE"] ?? "";
  // A variable that is set to nothing sets no limit; a flag with nothing is a mistake.
  const hasAge = flags.retain !== undefined || retain !== "";
  const hasSize = flags.maxSize !== undefined || maxSize !== "";
  if (!hasAge && !hasSize) return undefined;
  const retention: Retention = {
    ...(hasAge && { maxAgeMs: parseDuration(flags.retain === undefined ? "LOGCTL_RETAIN" : "--retain", retain) }),
    ...(hasSize && {
      maxBytes: parseSize(flags.maxSize === undefined ? "LOGCTL_MAX_SIZE" : "--max-size", maxSize, MIN_MAX_SIZE_BYTES),
    }),
  };
  return { retention, retain, maxSize };
}

/** Logs what was dropped, of when it was, and why. */
export function reportDropped({ retain, maxSize }: RetentionLimits, log: LogEvents): (dropped: Dropped) => void {
  return ({ reason, records, receivedMin, receivedMax }) => {
    const [from, to] = [receivedMin, receivedMax].map((ms) => new Date(ms).toISOString());
    const why = reason === "age" ? `older than --retain ${retain}` : `--max-size ${maxSize} is reached`;
    const count = records === 1 ? "1 record" : `${records} records`;
    const message = `dropped ${count} received from ${from} to ${to}: ${why}`;
    log({ level: "info", event: "records_dropped", message, fields: { records, reason } });
  };
}
