/**
 * An instant to the nanosecond, with the precision it was sent in.
 * `ms` is whole milliseconds since the epoch, `nanos` the rest (0..999,999), `digits` the fraction digits sent (0..9).
 */
export type Timestamp = { ms: number; nanos: number; digits: number };

const ZERO = 48;
const DAY_MS = 86_400_000;
/** RFC 3339 knows the years 0000 to 9999. */
const MIN_MS = Date.UTC(2000, 0, 1) - 730_485 * DAY_MS;
const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const EPOCH_TEXT = /^(-?)(\d{1,19})(?:\.(\d{1,9})\d*)?$/;
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Reads a time into `out` and says whether it could: ISO 8601 text (no offset means UTC), or the time since the epoch
 * as a number or as digits, in seconds, milliseconds, microseconds or nanoseconds by its magnitude.
 * Writes into `out` so that the ingest path makes no object a record.
 */
export function readTimestamp(value: unknown, out: Timestamp): boolean {
  if (typeof value === "string") return readIso(value, out) || readEpochText(value, out);
  if (typeof value !== "number") return false;
  if (Number.isInteger(value) && value >= 1e11 && value < 1e14) {
    out.ms = value;
    out.nanos = 0;
    out.digits = 3;
    return true;
  }
  return Number.isFinite(value) && Math.abs(value) < 1e20 && readEpochText(plainDecimal(value), out);
}

/** As `readTimestamp`, for callers off the ingest path: undefined where the text is no time. */
export function parseTimestamp(value: unknown): Timestamp | undefined {
  const out = { ms: 0, nanos: 0, digits: 0 };
  return readTimestamp(value, out) ? out : undefined;
}

/** RFC 3339 in UTC with exactly `digits` fraction digits. */
export function formatTimestamp(ms: number, nanos: number, digits: number): string {
  const iso = new Date(ms).toISOString();
  if (digits === 3) return iso;
  if (digits === 0) return `${iso.slice(0, 19)}Z`;
  if (digits < 3) return `${iso.slice(0, 20 + digits)}Z`;
  return `${iso.slice(0, 23)}${String(nanos)
    .padStart(6, "0")
    .slice(0, digits - 3)}Z`;
}

function plainDecimal(value: number): string {
  // String(1e-7) has an exponent; a number this small is the epoch itself.
  return Math.abs(value) < 1e-6 ? "0" : String(value);
}

function readEpochText(text: string, out: Timestamp): boolean {
  const match = EPOCH_TEXT.exec(text);
  if (match === null) return false;
  const whole = match[2] as string;
  const magnitude = Number(whole);
  const unitDigits = magnitude < 1e11 ? 0 : magnitude < 1e14 ? 3 : magnitude < 1e17 ? 6 : 9;
  const fraction = (match[3] ?? "").slice(0, 9 - unitDigits);
  const digits = unitDigits + fraction.length;
  // Nanoseconds since the epoch exceed 2^53: split the decimal text where milliseconds end.
  const nanosText = (whole + fraction).padStart(digits + 1, "0") + "0".repeat(9 - digits);
  let ms = Number(nanosText.slice(0, -6) || "0");
  let nanos = Number(nanosText.slice(-6));
  if (match[1] === "-") {
    ms = nanos === 0 ? 0 - ms : -ms - 1;
    nanos = nanos === 0 ? 0 : 1_000_000 - nanos;
  }
  return store(out, ms, nanos, digits);
}

function store(out: Timestamp, ms: number, nanos: number, digits: number): boolean {
  if (ms < MIN_MS || ms > MAX_MS) return false;
  out.ms = ms;
  out.nanos = nanos;
  out.digits = digits;
  return true;
}

/** The two digits at `at`, or -1. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar (the year is taken to start in March, so that a leap day is its last). */
function epochDay(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const monthFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** ISO 8601 as services write it: `2026-11-24`, `2026-11-24T10:00[:00[.123456789]][Z|+01:00|+0100|+01]`, a space for the T, a comma for the point. */
function readIso(text: string, out: Timestamp): boolean {
  const length = text.length;
  if (length < 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false;
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return false;
  const year = century * 100 + yearOfCentury;
  if (day > (MONTH_DAYS[month - 1] as number) || (month === 2 && day === 29 && !isLeap(year))) return false;
  const dayMs = epochDay(year, month, day) * DAY_MS;
  if (length === 10) return store(out, dayMs, 0, 0);

  const separator = text.charCodeAt(10);
  if (separator !== 84 && separator !== 116 && separator !== 32) return false;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  if (hour < 0 || hour > 24 || text.charCodeAt(13) !== 58 || minute < 0 || minute > 59) return false;
  let at = 16;
  let second = 0;
  if (text.charCodeAt(at) === 58) {
    second = twoDigits(text, 17);
    // A leap second is 60; like POSIX, it is taken for the first second of the next minute.
    if (second < 0 || second > 60) return false;
    at = 19;
  }
  let nanosOfSecond = 0;
  let digits = 0;
  const point = text.charCodeAt(at);
  if (at === 19 && (point === 46 || point === 44)) {
    at += 1;
    const start = at;
    let digit = text.charCodeAt(at) - ZERO;
    while (digit >= 0 && digit <= 9) {
      if (digits < 9) {
        nanosOfSecond = nanosOfSecond * 10 + digit;
        digits += 1;
      }
      at += 1;
      digit = text.charCodeAt(at) - ZERO;
    }
    if (at === start) return false;
    for (let i = digits; i < 9; i += 1) nanosOfSecond *= 10;
  }
  if (hour === 24 && (minute !== 0 || second !== 0 || nanosOfSecond !== 0)) return false;
  const offsetMinutes = readOffset(text, at);
  if (Number.isNaN(offsetMinutes)) return false;
  const msOfSecond = Math.floor(nanosOfSecond / 1_000_000);
  const ms = dayMs + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + msOfSecond;
  return store(out, ms, nanosOfSecond - msOfSecond * 1_000_000, digits);
}

/** Minutes east of UTC of the offset that is all of `text` from `at` on; NaN where it is none. */
function readOffset(text: string, at: number): number {
  if (at === text.length) return 0;
  const sign = text.charCodeAt(at);
  if (sign === 90 || sign === 122) return at + 1 === text.length ? 0 : Number.NaN;
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const hours = twoDigits(text, at + 1);
  let end = at + 3;
  let minutes = 0;
  if (end < text.length) {
    if (text.charCodeAt(end) === 58) end += 1;
    minutes = twoDigits(text, end);
    end += 2;
  }
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || end !== text.length) return Number.NaN;
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes);
}
