import { createByteReader } from "../bytes/byte-reader.ts";
import { createByteWriter } from "../bytes/byte-writer.ts";
import { readNumbers } from "./read-numbers.ts";
import { writeNumbers } from "./write-numbers.ts";

export const MINUTE_MS = 60_000;
/** Where times are spread over more minutes than this, there are few in each, and they are counted when it is asked for. */
const MAX_MINUTES = 256;

/** How many of the times lie in each minute since the epoch; undefined where these are too many. */
export function writeMinuteCounts(times: Float64Array): Uint8Array | undefined {
  const counts = new Map<number, number>();
  let minute = Number.NaN;
  let rows = 0;
  for (let row = 0; row < times.length; row += 1) {
    const time = times[row] as number;
    if (!(time >= minute * MINUTE_MS && time < (minute + 1) * MINUTE_MS)) {
      if (rows > 0) counts.set(minute, (counts.get(minute) ?? 0) + rows);
      if (counts.size > MAX_MINUTES) return undefined;
      minute = Math.floor(time / MINUTE_MS);
      rows = 0;
    }
    rows += 1;
  }
  if (rows > 0) counts.set(minute, (counts.get(minute) ?? 0) + rows);
  const minutes = [...counts.keys()].sort((a, b) => a - b);
  const out = createByteWriter();
  out.varint(minutes.length);
  writeNumbers(minutes, minutes.length, out);
  const inOrder = minutes.map((each) => counts.get(each) as number);
  writeNumbers(inOrder, minutes.length, out);
  return out.copyFrom(0);
}

/** Reads what `writeMinuteCounts` wrote, as counts per interval of a number of whole minutes, by its start in ms. */
export function readMinuteCounts(bytes: Uint8Array, intervalMs: number): Map<number, number> {
  const reader = createByteReader(bytes);
  const length = reader.varint();
  const minutes = readNumbers(reader, length);
  const counts = readNumbers(reader, length);
  const perInterval = new Map<number, number>();
  for (let i = 0; i < length; i += 1) {
    const start = Math.floor(((minutes[i] as number) * MINUTE_MS) / intervalMs) * intervalMs;
    perInterval.set(start, (perInterval.get(start) ?? 0) + (counts[i] as number));
  }
  return perInterval;
}
