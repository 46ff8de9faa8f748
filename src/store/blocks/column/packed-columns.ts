import { onRelease } from "../../../memory/scratch.ts";
import { type ByteReader, createByteReader } from "../bytes/byte-reader.ts";
import { type ByteWriter, createByteWriter } from "../bytes/byte-writer.ts";
import { readNumbers } from "./read-numbers.ts";
import { writeNumbers } from "./write-numbers.ts";

/** Columns of this many bytes are parts of their own, read only where they are needed; of the smaller ones all lie in one part. */
const LARGE_BYTES = 4096;

/** Columns on their way into a block: `small` holds their sizes (0 for a large one), then the small ones. */
export type WrittenColumns = { small: Uint8Array; large: Uint8Array[] };

/** A column that is being written, and all small ones before it: the memory is used again. */
let out = createByteWriter();
let small = createByteWriter();
onRelease(() => {
  out = createByteWriter();
  small = createByteWriter();
});

/** Writes columns one after another, each by its own call of `write`. */
export function writeColumns(count: number, maxLarge: number, write: (column: number, out: ByteWriter) => void): WrittenColumns {
  const sizes = new Float64Array(count);
  const large: Uint8Array[] = [];
  small.clear();
  for (let column = 0; column < count; column += 1) {
    out.clear();
    write(column, out);
    const bytes = out.copyFrom(0);
    if (bytes.length >= LARGE_BYTES && large.length < maxLarge) {
      large.push(bytes);
      continue;
    }
    sizes[column] = bytes.length;
    small.append(bytes);
  }
  const head = createByteWriter();
  writeNumbers(sizes, count, head);
  head.append(small.copyFrom(0));
  return { small: head.copyFrom(0), large };
}

/** Gives a reader for each column that `writeColumns` wrote; `readLarge` gives the n-th large one. */
export function openColumns(
  small: Uint8Array,
  count: number,
  readLarge: (index: number) => Uint8Array,
): (column: number) => ByteReader {
  const reader = createByteReader(small);
  const sizes = readNumbers(reader, count);
  const places = new Float64Array(count);
  let at = 0;
  let large = 0;
  for (let column = 0; column < count; column += 1) {
    const size = sizes[column] as number;
    // A large one is told by its place being negative.
    places[column] = size === 0 ? -1 - large : at;
    if (size === 0) large += 1;
    at += size;
  }
  const bytes = reader.take(at);
  return (column) => {
    const place = places[column] as number;
    return createByteReader(place < 0 ? readLarge(-1 - place) : bytes.subarray(place, place + (sizes[column] as number)));
  };
}
