import { createTextBuffer, putBytes, putDecimal, putText, type TextBuffer } from "../../../memory/text-buffer.ts";
import { formatTimestamp } from "../../../schema/timestamp.ts";

const MINUTE_MS = 60_000;
/** What the times of one minute have in common: `2026-11-24T10:00:`. A point and a Z stand behind the seconds and their fraction. */
const MINUTE_CHARACTERS = 17;

/** Gives what puts a time as `formatTimestamp` writes it. One after another, most lie in the same minute, and many are the same. */
export function createTimestampWriter(): (buffer: TextBuffer, ms: number, nanos: number, digits: number) => void {
  let minute = Number.NaN;
  let last = Number.NaN;
  const text = createTextBuffer();
  return (buffer, ms, nanos, digits) => {
    if (digits !== 3) return putText(buffer, formatTimestamp(ms, nanos, digits));
    if (!(ms >= minute && ms - minute < MINUTE_MS)) {
      minute = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
      text.length = 0;
      putText(text, new Date(minute).toISOString());
    }
    if (ms !== last) {
      const second = Math.floor((ms - minute) / 1000);
      text.length = MINUTE_CHARACTERS;
      putDecimal(text, second, 2);
      text.length += 1;
      putDecimal(text, ms - minute - second * 1000, 3);
      text.length += 1;
      last = ms;
    }
    putBytes(buffer, text.bytes, 0, text.length);
  };
}
