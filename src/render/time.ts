import { format } from "date-fns";

/**
 * An RFC 3339 time for people, to the millisecond: `2026-11-24 10:00:00.123` in local time, or with a `Z` in UTC. Either is
 * understood by `--since` and `--until` as the same instant.
 */
export function formatTime(rfc3339: string, utc: boolean): string {
  const date = new Date(rfc3339);
  return utc ? date.toISOString().replace("T", " ") : format(date, "uuuu-MM-dd HH:mm:ss.SSS");
}
