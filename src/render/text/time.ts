import { format } from "date-fns";

/**
 * An RFC 3339 time for people, to the millisecond: `2026-11-24 10:00:00.123` in local time, or with a `Z` in UTC. Either is
 * understood by `--since` and `--until` as the same instant.
 */
export function formatTime(rfc3339: string, utc: boolean): string {
  return createTimeFormat(utc)(rfc3339);
}

/** `formatTime` for many times: those of one second, as of records read one after another, cost little. */
export function createTimeFormat(utc: boolean): (rfc3339: string) => string {
  let lastSecond = Number.NaN;
  let lastText = "";
  return (rfc3339) => {
    const date = new Date(rfc3339);
    if (utc) return date.toISOString().replace("T", " ");
    const second = Math.floor(date.getTime() / 1000);
    if (second !== lastSecond) {
      lastSecond = second;
      lastText = format(date, "uuuu-MM-dd HH:mm:ss");
    }
    return `${lastText}.${String(date.getTime() - second * 1000).padStart(3, "0")}`;
  };
}
