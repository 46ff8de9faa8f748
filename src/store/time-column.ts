import { type ByteReader, type ByteWriter, createByteWriter } from "./byte-writer.ts";
import { readNumbers, readSmallest, writeNumbers, writeSmallest } from "./number-column.ts";

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

export function readTimes(reader: ByteReader, count: number): Float64Array {
  const mode = reader.byte();
  if (mode === PLAIN) return readNumbers(reader, count);
  if (mode !== FROM_LATEST) throw new Error(`unknown encoding ${mode} of times`);
  let latest = reader.signed();
  const codes = readSmallest(reader);
  if (codes.length !== count) throw new Error("a column of times has the wrong length");
  const apart = readNumbers(reader, reader.varint());
  const times = new Float64Array(count);
  let next = 0;
  for (let row = 0; row < count; row += 1) {
    let beyond = codes[row] as number;
    if (beyond === APART) {
      beyond = apart[next] as number;
      next += 1;
    }
    times[row] = latest + beyond;
    if (beyond > 0) latest += beyond;
  }
  return times;
}
