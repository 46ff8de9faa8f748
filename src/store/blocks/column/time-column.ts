import { lazy } from "../../../memory/lazy.ts";
import type { Keep } from "../../../memory/read-cache.ts";
import type { ByteReader } from "../bytes/byte-reader.ts";
import { type ByteWriter, createByteWriter } from "../bytes/byte-writer.ts";
import { readSmallest, writeSmallest } from "../bytes/pack-bytes.ts";
import { openNumbers } from "./read-numbers.ts";
import { writeNumbers } from "./write-numbers.ts";

/**
 * Times that mostly rise: for each how far it lies beyond the latest one before it, in a byte; one that is earlier, or
 * much later, is kept apart.
 */
const PLAIN = 0;
const FROM_LATEST = 1;

const APART = 255;

export function writeTimes(times: Float64Array, out: ByteWriter): void {
  const plain = createByteWriter();
  writeNumbers(times, times.length, plain);
  const rising = createByteWriter();
  writeFromLatest(times, rising);
  const smaller = rising.length() < plain.length() ? rising : plain;
  out.byte(smaller === rising ? FROM_LATEST : PLAIN);
  out.append(smaller.copyFrom(0));
}

function writeFromLatest(times: Float64Array, out: ByteWriter): void {
  let latest = times[0] ?? 0;
  const first = latest;
  const codes = new Uint8Array(times.length);
  const apart = new Float64Array(times.length);
  let count = 0;
  for (let row = 0; row < times.length; row += 1) {
    const beyond = (times[row] as number) - latest;
    if (beyond >= 0 && beyond < APART) codes[row] = beyond;
    else {
      codes[row] = APART;
      apart[count] = beyond;
      count += 1;
    }
    if (beyond > 0) latest += beyond;
  }
  out.signed(first);
  writeSmallest(codes, out);
  out.varint(count);
  writeNumbers(apart, count, out);
}

/** A column of times that can be read. */
export type Times = {
  /** Those from `from` up to `to`. */
  slice(from: number, to: number): Float64Array;
  /** How many lie in each interval of so many ms since the epoch, by its start. */
  countPer(ms: number): Map<number, number>;
};

/** So often what is needed to go on from there is kept. */
const ROWS_A_MARK = 4096;

/** `keep` is asked for what makes those of some rows quick to find. */
export function openTimes(reader: ByteReader, count: number, keep: Keep): Times {
  const mode = reader.byte();
  if (mode === PLAIN) {
    const { slice, all } = openNumbers(reader, count);
    return { slice, countPer: (ms) => countTimes(all(), ms) };
  }
  if (mode !== FROM_LATEST) throw new Error(`unknown encoding ${mode} of times`);
  const first = reader.signed();
  const codes = readSmallest(reader);
  if (codes.length !== count) throw new Error("a column of times has the wrong length");
  const apart = openNumbers(reader, reader.varint());
  const marks = lazy(() => keep("marks", markRows));

  /** For every 4096th row the latest time before it, and how many before it are kept apart. */
  function markRows(): { value: { latest: Float64Array; apart: Uint32Array }; bytes: number } {
    const value = {
      latest: new Float64Array(Math.ceil(count / ROWS_A_MARK)),
      apart: new Uint32Array(Math.ceil(count / ROWS_A_MARK)),
    };
    const allApart = apart.all();
    let latest = first;
    let next = 0;
    for (let row = 0; row < count; row += 1) {
      if (row % ROWS_A_MARK === 0) {
        value.latest[row / ROWS_A_MARK] = latest;
        value.apart[row / ROWS_A_MARK] = next;
      }
      let beyond = codes[row] as number;
      if (beyond === APART) {
        beyond = allApart[next] as number;
        next += 1;
      }
      if (beyond > 0) latest += beyond;
    }
    return { value, bytes: value.latest.byteLength + value.apart.byteLength };
  }

  return {
    slice(from, to) {
      const times = new Float64Array(to - from);
      if (to === from) return times;
      const mark = Math.floor(from / ROWS_A_MARK);
      let latest = marks().latest[mark] as number;
      const firstApart = marks().apart[mark] as number;
      const ownApart = apart.slice(firstApart, Math.min(apart.count, firstApart + to - mark * ROWS_A_MARK));
      let next = 0;
      for (let row = mark * ROWS_A_MARK; row < to; row += 1) {
        let beyond = codes[row] as number;
        if (beyond === APART) {
          beyond = ownApart[next] as number;
          next += 1;
        }
        if (row >= from) times[row - from] = latest + beyond;
        if (beyond > 0) latest += beyond;
      }
      return times;
    },
    countPer(ms) {
      const counts = new Map<number, number>();
      const allApart = apart.all();
      let latest = first;
      let next = 0;
      let start = Number.NaN;
      let rows = 0;
      for (let row = 0; row < count; row += 1) {
        let beyond = codes[row] as number;
        if (beyond === APART) {
          beyond = allApart[next] as number;
          next += 1;
        }
        const time = latest + beyond;
        if (beyond > 0) latest = time;
        if (!(time >= start && time - start < ms)) {
          addTo(counts, start, rows);
          start = Math.floor(time / ms) * ms;
          rows = 0;
        }
        rows += 1;
      }
      return addTo(counts, start, rows);
    },
  };
}

function countTimes(times: Float64Array, ms: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const time of times) addTo(counts, Math.floor(time / ms) * ms, 1);
  return counts;
}

function addTo(counts: Map<number, number>, start: number, rows: number): Map<number, number> {
  return rows === 0 ? counts : counts.set(start, (counts.get(start) ?? 0) + rows);
}
