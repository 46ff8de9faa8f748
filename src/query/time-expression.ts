import { LogctlError } from "../errors.ts";
import { formatTimestamp, parseTimestamp, type Timestamp } from "../schema/timestamp.ts";

export type TimeExpressionOptions = {
  /** The flag the text was given by, for the error. */
  flag: string;
  /** Whether the first or the last nanosecond of what is named is wanted. */
  edge: "start" | "end";
  nowMs: number;
};

/** What a person names by a time: all that begins with it. */
type Span = Timestamp & { lengthNs: number };

const UNIT_MS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;
const AGO = /^-?(?:\d{1,9}[wdhms])+$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const CLOCK = /^\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?$/;
const ZONE = /(?:[Zz]|[+-]\d\d(?::?\d\d)?)$/;
const TO_THE_MINUTE = /^\d{4}-\d\d-\d\d.\d\d:\d\d(?!:)/;
/** Shorter ones are years, dates without dashes and forgotten units, not the first days of 1970. */
const EPOCH = /^(?:0|\d{9,19}(?:\.\d+)?)$/;
const MS_NS = 1_000_000;
const MINUTE_NS = 60e9;
/** The largest distance from the epoch that a Date can hold. */
const MAX_DATE_MS = 8.64e15;

/**
 * The instant that a person's words stand for, as RFC 3339 in UTC: `15m`, `1h30m`, `3d` (ago, at any of w d h m s), `now`,
 * `today`, `yesterday`, `2026-11-24`, `2026-11-24 10:00[:00[.123]]`, `10:00` (today), RFC 3339, or the time since the epoch
 * in s, ms, us or ns. What has no zone is local time.
 *
 * The edge `start` keeps the precision given. The edge `end` is the last nanosecond of what is named: of the day, of the
 * minute, of the second or its fraction (as a closed range of VictoriaLogs), so that a time copied from a table, which shows
 * milliseconds, finds its record. Throws `usage`.
 */
export function parseTimeExpression(text: string, { flag, edge, nowMs }: TimeExpressionOptions): string {
  const span = readSpan(text.trim(), Math.floor(nowMs));
  const instant = span && (edge === "start" ? span : lastOf(span));
  const formatted = instant && Math.abs(instant.ms) <= MAX_DATE_MS && formatTimestamp(instant.ms, instant.nanos, instant.digits);
  // The years beyond 0000 and 9999 can be computed and written, but they are not RFC 3339.
  if (formatted && parseTimestamp(formatted) !== undefined) return formatted;
  throw new LogctlError(
    "usage",
    `${flag} '${text}' is no time; write 15m, 2h, 3d (ago), yesterday, 10:00, 2026-11-24, '2026-11-24 10:00', 2026-11-24T10:00:00Z or seconds since the epoch`,
    { field: flag },
  );
}

function readSpan(text: string, nowMs: number): Span | undefined {
  const word = text.toLowerCase();
  if (word === "now") return instantOf(nowMs);
  if (word === "today") return dayOf(localDate(nowMs, 0));
  if (word === "yesterday") return dayOf(localDate(nowMs, -1));
  if (AGO.test(text)) return instantOf(nowMs - durationMs(text));
  if (EPOCH.test(text)) return withLength(parseTimestamp(text));
  if (DATE.test(text)) return dayOf(text);
  return readDateTime(CLOCK.test(text) ? `${localDate(nowMs, 0)}T${text}` : text);
}

function durationMs(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([wdhms])/g)) sum += Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return sum;
}

function instantOf(ms: number): Span {
  return { ms, nanos: 0, digits: 3, lengthNs: MS_NS };
}

/** As long as what the fraction digits leave open. */
function withLength(timestamp: Timestamp | undefined): Span | undefined {
  return timestamp && { ...timestamp, lengthNs: 10 ** (9 - timestamp.digits) };
}

function readDateTime(text: string): Span | undefined {
  if (!/^\d{4}-/.test(text)) return undefined;
  const span = withLength(parseTimestamp(text));
  if (span === undefined) return undefined;
  const lengthNs = TO_THE_MINUTE.test(text) ? MINUTE_NS : span.lengthNs;
  return { ...span, lengthNs, ms: ZONE.test(text.slice(10)) ? span.ms : localMs(span.ms) };
}

/** The local day of a date; days on which clocks change are not 24 hours long. */
function dayOf(date: string): Span | undefined {
  const midnight = parseTimestamp(date);
  if (midnight === undefined) return undefined;
  const startMs = localMs(midnight.ms);
  return { ms: startMs, nanos: 0, digits: 0, lengthNs: (localMs(midnight.ms + UNIT_MS.d) - startMs) * MS_NS };
}

/** The instant at which local clocks show what UTC's show at `utcMs`; the first of two, and the hour after where there is none. */
function localMs(utcMs: number): number {
  const fields = new Date(utcMs);
  // The Date constructor takes the years 0 to 99 for those of the last century.
  const local = new Date(0);
  local.setFullYear(fields.getUTCFullYear(), fields.getUTCMonth(), fields.getUTCDate());
  local.setHours(fields.getUTCHours(), fields.getUTCMinutes(), fields.getUTCSeconds(), fields.getUTCMilliseconds());
  return local.getTime();
}

/** The local date at `nowMs`, or that many days from it, as YYYY-MM-DD. */
function localDate(nowMs: number, days: number): string {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate() + days)).toISOString().slice(0, 10);
}

function lastOf({ ms, nanos, lengthNs }: Span): Timestamp {
  const last = nanos + lengthNs - 1;
  return { ms: ms + Math.floor(last / MS_NS), nanos: last % MS_NS, digits: 9 };
}
