import { freeBytes } from "../../../memory/free-bytes.ts";
import { packBytes, unpackBytes } from "../bytes/pack-bytes.ts";

/**
 * A column of whole numbers (up to 2^53 either way) as bytes: a tag, a base, and for each row its distance from the
 * base, or from the row before, in as few bytes as the widest one needs.
 */
const CONSTANT = 0;
const FROM_BASE = 1;
const FROM_PREVIOUS = 2;

const HEADER_BYTES = 24;

type Column = ArrayLike<number>;

export function encodeInts(values: Column): Uint8Array {
  const rows = values.length;
  const first = rows === 0 ? 0 : (values[0] as number);
  let min = first;
  let max = first;
  let minStep = Number.POSITIVE_INFINITY;
  let maxStep = Number.NEGATIVE_INFINITY;
  let previous = first;
  for (let row = 1; row < rows; row += 1) {
    const value = values[row] as number;
    if (value < min) min = value;
    if (value > max) max = value;
    const step = value - previous;
    if (step < minStep) minStep = step;
    if (step > maxStep) maxStep = step;
    previous = value;
  }
  if (min === max) return header(CONSTANT, 0, first, 0);
  const width = widthOf(max - min);
  const stepWidth = widthOf(maxStep - minStep);
  const exactSteps = Number.isSafeInteger(minStep) && Number.isSafeInteger(maxStep);
  if (stepWidth >= width || !exactSteps) {
    // A distance of more than 2^53 would lose its last digits: so wide a column has its values as they are.
    const base = Number.isSafeInteger(max - min) ? min : 0;
    return column(header(FROM_BASE, width, base, 0), distances(values, width, base));
  }
  const steps = new Float64Array(rows);
  for (let row = 1; row < rows; row += 1) steps[row] = (values[row] as number) - (values[row - 1] as number) - minStep;
  return column(header(FROM_PREVIOUS, stepWidth, first, minStep), distances(steps, stepWidth, 0));
}

/** A column that `encodeInts` wrote, of which no more is decoded than is asked for. */
export type IntColumn = {
  /** The values of the rows from `from` up to but not including `to`; not to be written to. */
  slice(from: number, to: number): Float64Array;
};

/** `rows` is how many the column holds. */
export function openInts(bytes: Uint8Array, rows: number): IntColumn {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const tag = view.getUint8(0);
  const width = view.getUint8(1);
  const base = view.getFloat64(8, true);
  if (tag === CONSTANT) return { slice: (from, to) => new Float64Array(to - from).fill(base) };
  if (tag !== FROM_BASE && tag !== FROM_PREVIOUS) throw new Error(`unknown encoding ${tag} of a number column`);
  const distances = typedView(unpackBytes(bytes.subarray(HEADER_BYTES)), width);
  if (tag === FROM_PREVIOUS) {
    const values = sumUp(distances, base, view.getFloat64(16, true));
    return { slice: (from, to) => values.subarray(from, to) };
  }
  return {
    slice(from, to) {
      // Widened by the engine itself: a loop over views of several kinds would be many times slower.
      const values = new Float64Array(distances.subarray(from, Math.min(to, rows)));
      for (let row = 0; row < values.length; row += 1) values[row] = (values[row] as number) + base;
      return values;
    },
  };
}

/** All of a column. */
export function decodeInts(bytes: Uint8Array, rows: number): Float64Array {
  return openInts(bytes, rows).slice(0, rows);
}

function sumUp(distances: ArrayLike<number>, first: number, minStep: number): Float64Array {
  const values = new Float64Array(distances);
  values[0] = first;
  for (let row = 1; row < values.length; row += 1) {
    values[row] = (values[row] as number) + minStep + (values[row - 1] as number);
  }
  return values;
}

function widthOf(range: number): number {
  if (range < 2 ** 8) return 1;
  if (range < 2 ** 16) return 2;
  return range < 2 ** 32 ? 4 : 8;
}

function header(tag: number, width: number, base: number, minStep: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, tag);
  view.setUint8(1, width);
  view.setFloat64(8, base, true);
  view.setFloat64(16, minStep, true);
  return bytes;
}

function distances(values: Column, width: number, base: number): Uint8Array {
  const bytes = new Uint8Array(values.length * width);
  // One loop a width: over views of several kinds at one place the engine is several times slower.
  if (width === 1) for (let row = 0; row < values.length; row += 1) bytes[row] = (values[row] as number) - base;
  else if (width === 2) writeDistances16(new Uint16Array(bytes.buffer), values, base);
  else if (width === 4) writeDistances32(new Uint32Array(bytes.buffer), values, base);
  else writeDistances64(new Float64Array(bytes.buffer), values, base);
  return bytes;
}

function writeDistances16(out: Uint16Array, values: Column, base: number): void {
  for (let row = 0; row < values.length; row += 1) out[row] = (values[row] as number) - base;
}

function writeDistances32(out: Uint32Array, values: Column, base: number): void {
  for (let row = 0; row < values.length; row += 1) out[row] = (values[row] as number) - base;
}

function writeDistances64(out: Float64Array, values: Column, base: number): void {
  for (let row = 0; row < values.length; row += 1) out[row] = (values[row] as number) - base;
}

/** Little-endian, as every machine that Bun runs on. */
function typedView(bytes: Uint8Array, width: number): Uint8Array | Uint16Array | Uint32Array | Float64Array {
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, length } = aligned;
  if (width === 1) return aligned;
  if (width === 2) return new Uint16Array(buffer, byteOffset, length / 2);
  return width === 4 ? new Uint32Array(buffer, byteOffset, length / 4) : new Float64Array(buffer, byteOffset, length / 8);
}

/** A header and what is packed of the distances, whose memory is given back. */
function column(head: Uint8Array, unpacked: Uint8Array): Uint8Array {
  const packed = packBytes(unpacked);
  freeBytes(unpacked);
  const bytes = new Uint8Array(head.length + packed.length);
  bytes.set(head);
  bytes.set(packed, head.length);
  freeBytes(packed);
  return bytes;
}
