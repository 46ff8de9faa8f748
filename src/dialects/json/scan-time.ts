import { readTimestamp, type Timestamp } from "../../schema/timestamp.ts";
import { textOf } from "./number-text.ts";

const [ZERO, MINUS, POINT, COLON, T, Z] = [48, 45, 46, 58, 84, 90];
const INVALID = -1e9;
const MS_A_DIGIT = [0, 100, 10];
const NANOS_A_DIGIT = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1];

/** The shortest and the longest text read at once: whole seconds, and nanoseconds. */
const MIN_BYTES = "2026-11-24T10:00:00Z".length;
const MAX_BYTES = "2026-11-24T10:00:00.123456789Z".length;
const DATE_BYTES = "2026-11-24".length;

/** Reads the ASCII text from `from` up to `to` as `readTimestamp` does. */
export type TimeScanner = (bytes: Uint8Array, from: number, to: number, out: Timestamp) => boolean;

/** RFC 3339 in UTC is read from the bytes, and of most records the day is the one of the record before. */
export function createTimeScanner(): TimeScanner {
  let lastDate = Number.NaN;
  let lastDayMs = 0;

  /** The day's first millisecond; NaN where it is none. */
  function dayMs(bytes: Uint8Array, from: number, out: Timestamp): number {
    const year = twoDigits(bytes, from) * 100 + twoDigits(bytes, from + 2);
    const date = (year * 100 + twoDigits(bytes, from + 5)) * 100 + twoDigits(bytes, from + 8);
    if (date === lastDate) return lastDayMs;
    if (date < 0 || !readTimestamp(textOf(bytes, from, from + DATE_BYTES), out)) return Number.NaN;
    lastDate = date;
    lastDayMs = out.ms;
    return lastDayMs;
  }

  function scanUtc(bytes: Uint8Array, from: number, to: number, out: Timestamp): boolean {
    const length = to - from;
    if (length < MIN_BYTES || length > MAX_BYTES || length === MIN_BYTES + 1) return false;
    if (bytes[from + 4] !== MINUS || bytes[from + 7] !== MINUS || bytes[from + 10] !== T) return false;
    if (bytes[from + 13] !== COLON || bytes[from + 16] !== COLON || bytes[to - 1] !== Z) return false;
    const hour = twoDigits(bytes, from + 11);
    const minute = twoDigits(bytes, from + 14);
    const second = twoDigits(bytes, from + 17);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    let digits = 0;
    let ms = 0;
    let nanos = 0;
    if (length > MIN_BYTES) {
      if (bytes[from + 19] !== POINT) return false;
      digits = length - MIN_BYTES - 1;
      for (let place = 0, at = from + 20; place < digits; place += 1, at += 1) {
        const digit = (bytes[at] as number) - ZERO;
        if (digit < 0 || digit > 9) return false;
        if (place < 3) ms = ms * 10 + digit;
        else nanos = nanos * 10 + digit;
      }
      if (digits < 3) ms *= MS_A_DIGIT[digits] as number;
      else nanos *= NANOS_A_DIGIT[digits - 3] as number;
    }
    const day = dayMs(bytes, from, out);
    if (Number.isNaN(day)) return false;
    out.ms = day + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
    out.nanos = nanos;
    out.digits = digits;
    return true;
  }

  return (bytes, from, to, out) => scanUtc(bytes, from, to, out) || readTimestamp(textOf(bytes, from, to), out);
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : INVALID;
}
