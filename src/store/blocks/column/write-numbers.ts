import type { ByteWriter } from "../bytes/byte-writer.ts";
import { writeSmallest } from "../bytes/pack-bytes.ts";

/**
 * Whole numbers (up to 2^53 either way) in as few bytes as a choice of encodings gives: a tag, then what the encoding
 * needs. How many there are is not written.
 */
export const CONSTANT = 0;
/** Each one's distance from the least, in bits. */
export const BITS = 1;
/** The bytes of those distances, all the lowest ones first, then all the next ones ..., each plane as small as zstd makes it. */
export const PLANES = 2;
/** Set beside BITS or PLANES: what is kept are the steps from one to the next, the first step being from 0. */
export const STEPS = 4;
/** As doubles, where distances would lose digits. */
export const DOUBLES = 3;

/** Wider ones are kept in planes: so that what is read to get at one value fits into 32 bits. */
const MAX_BITS = 24;
/** Below this, what zstd has to say about the bytes costs more than it saves. */
export const MIN_PLANE_ROWS = 256;
const PLANE_OVERHEAD_BYTES = 32;
let distances = new Float64Array(1 << 12);
let plane = new Uint8Array(1 << 12);
let packed = new Uint8Array(1 << 12);
const histogram = new Uint32Array(256);

export function writeNumbers(values: ArrayLike<number>, count: number, out: ByteWriter): void {
  const first = count === 0 ? 0 : (values[0] as number);
  let min = first;
  let max = first;
  let previous = 0;
  let minStep = Number.POSITIVE_INFINITY;
  let maxStep = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i += 1) {
    const value = values[i] as number;
    if (value < min) min = value;
    if (value > max) max = value;
    const step = value - previous;
    if (step < minStep) minStep = step;
    if (step > maxStep) maxStep = step;
    previous = value;
  }
  if (min === max) {
    out.byte(CONSTANT);
    return out.signed(min);
  }
  if (distances.length < count) {
    distances = new Float64Array(count * 2);
    plane = new Uint8Array(count * 2);
  }
  if (!Number.isSafeInteger(max - min)) return writeDoubles(values, count, out);
  const stepsFit = Number.isSafeInteger(minStep) && Number.isSafeInteger(maxStep) && Number.isSafeInteger(maxStep - minStep);
  // The first step is from 0: it counts only where all others are as large.
  if (stepsFit && bitsOf(maxStep - minStep) < bitsOf(max - min)) {
    let before = 0;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] as number;
      distances[i] = value - before - minStep;
      before = value;
    }
    return writeDistances(count, bitsOf(maxStep - minStep), minStep, STEPS, out);
  }
  for (let i = 0; i < count; i += 1) distances[i] = (values[i] as number) - min;
  writeDistances(count, bitsOf(max - min), min, 0, out);
}

function writeDistances(count: number, bits: number, base: number, steps: number, out: ByteWriter): void {
  const bitBytes = bits > MAX_BITS ? Number.POSITIVE_INFINITY : Math.ceil((count * bits) / 8);
  if (bits > MAX_BITS || (count >= MIN_PLANE_ROWS && planeBytes(count, bits, bitBytes) < bitBytes)) {
    return writePlanes(count, bits, base, steps, out);
  }
  out.byte(BITS | steps);
  out.signed(base);
  out.byte(bits);
  if (packed.length < bitBytes) packed = new Uint8Array(bitBytes * 2);
  let held = 0;
  let heldBits = 0;
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    held |= (distances[i] as number) << heldBits;
    heldBits += bits;
    while (heldBits >= 8) {
      packed[at] = held;
      at += 1;
      held >>>= 8;
      heldBits -= 8;
    }
  }
  if (heldBits > 0) packed[at] = held;
  out.append(packed.subarray(0, bitBytes));
}

/** About how many bytes the planes take, by the entropy of each; not counted on once it is more than `limit`. */
function planeBytes(count: number, bits: number, limit: number): number {
  let bytes = 0;
  for (let shift = 0; shift < bits && bytes < limit; shift += 8) {
    histogram.fill(0);
    for (let i = 0; i < count; i += 1) {
      const value = ((distances[i] as number) >>> shift) & 0xff;
      histogram[value] = (histogram[value] as number) + 1;
    }
    let entropy = 0;
    for (let value = 0; value < 256; value += 1) {
      const times = histogram[value] as number;
      if (times > 0) entropy += times * Math.log2(count / times);
    }
    bytes += Math.min(count, entropy / 8 + PLANE_OVERHEAD_BYTES);
  }
  return bytes;
}

function writePlanes(count: number, bits: number, base: number, steps: number, out: ByteWriter): void {
  const planes = Math.ceil(bits / 8);
  out.byte(PLANES | steps);
  out.signed(base);
  out.byte(planes);
  for (let index = 0; index < planes; index += 1) {
    const divisor = 2 ** (8 * index);
    if (index < 4) for (let i = 0; i < count; i += 1) plane[i] = (distances[i] as number) / divisor;
    else for (let i = 0; i < count; i += 1) plane[i] = Math.floor((distances[i] as number) / divisor) % 256;
    writeSmallest(plane.subarray(0, count), out);
  }
}

function writeDoubles(values: ArrayLike<number>, count: number, out: ByteWriter): void {
  for (let i = 0; i < count; i += 1) distances[i] = values[i] as number;
  out.byte(DOUBLES);
  out.append(new Uint8Array(distances.slice(0, count).buffer));
}

/** Of a whole number from 0 up to 2^53: how many bits it takes. */
function bitsOf(value: number): number {
  return value < 2 ** 31 ? 32 - Math.clz32(value) : Math.floor(Math.log2(value)) + 1;
}
