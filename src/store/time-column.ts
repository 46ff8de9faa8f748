import { type ByteReader, type ByteWriter, createByteWriter } from "./byte-writer.ts";
import { writeNumbers, writeSmallest } from "./number-column.ts";
import { openNumbers, readNumbers, readSmallest } from "./read-numbers.ts";

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

/** A column of times that can be read: those from `from` up to `to`. */
export type Times = { slice(from: number, to: number): Float64Array };

/** So often what is needed to go on from there is remembered. */
const ROWS_A_MARK = 4096;

export function openTimes(reader: ByteReader, count: number): Times {
  const mode = reader.byte();
  if (mode === PLAIN) return openNumbers(reader, count);
  if (mode !== FROM_LATEST) throw new Error(`unknown encoding ${mode} of times`);
  const first = reader.signed();
  const codes = readSmallest(reader);
  if (codes.length !== count) throw new Error("a column of times has the wrong length");
  const apart = readNumbers(reader, reader.varint());
  // For every 4096th row the latest time before it, and how many before it are kept apart.
  const latestAt = new Float64Array(Math.ceil(count / ROWS_A_MARK));
  const apartAt = new Uint32Array(latestAt.length);
  let latest = first;
  let passed = 0;
  for (let row = 0; row < count; row += 1) {
    if (row % ROWS_A_MARK === 0) {
      latestAt[row / ROWS_A_MARK] = latest;
      apartAt[row / ROWS_A_MARK] = passed;
    }
    let beyond = codes[row] as number;
    if (beyond === APART) {
      beyond = apart[passed] as number;
      passed += 1;
      if (beyond <= 0) continue;
    }
    latest += beyond;
  }
  return {
    slice(from, to) {
      const times = new Float64Array(to - from);
      const mark = Math.min(Math.floor(from / ROWS_A_MARK), latestAt.length - 1);
      let latest = latestAt[mark] as number;
      let next = apartAt[mark] as number;
      for (let row = mark * ROWS_A_MARK; row < to; row += 1) {
        let beyond = codes[row] as number;
        if (beyond === APART) {
          beyond = apart[next] as number;
          next += 1;
        }
        if (row >= from) times[row - from] = latest + beyond;
        if (beyond > 0) latest += beyond;
      }
      return times;
    },
  };
}
