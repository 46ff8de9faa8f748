import type { ByteReader, ByteWriter } from "./byte-writer.ts";
import { writeNumbers, writeSmallest } from "./number-column.ts";
import { EACH_ITS_OWN, type Places } from "./places.ts";
import { openNumbers, readNumbers, readSmallest } from "./read-numbers.ts";

/** Texts of any kind: each distinct one once and which one each is, or, where few come again, one after another. */
const EACH = 0;
const DISTINCT = 1;

/** Distinct texts are few, and worth more time than all of them. */
const DISTINCT_LEVEL = 6;
const EACH_LEVEL = 1;

/** For so many texts every one may be new before it is taken for granted that the rest are new as well. */
const TRIED = 256;
const MAX_TRIED_NEW = 200;

/** Writes the texts that start at `starts` in `utf8`, `lengths` bytes each. */
export function writeStrings(
  utf8: Uint8Array,
  starts: ArrayLike<number>,
  lengths: ArrayLike<number>,
  count: number,
  out: ByteWriter,
): void {
  const buffer = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length);
  const known = new Map<string, number>();
  const indexes = new Uint32Array(count);
  const firsts: number[] = [];
  let tried = 0;
  for (; tried < count; tried += 1) {
    const start = starts[tried] as number;
    const text = buffer.toString("latin1", start, start + (lengths[tried] as number));
    let index = known.get(text);
    if (index === undefined) {
      index = firsts.push(tried) - 1;
      known.set(text, index);
    }
    indexes[tried] = index;
    if (tried >= TRIED && firsts.length * TRIED > tried * MAX_TRIED_NEW) break;
  }
  if (tried < count || firsts.length * 4 > count * 3) {
    out.byte(EACH);
    return writeTexts(utf8, starts, lengths, count, EACH_LEVEL, out);
  }
  out.byte(DISTINCT);
  out.varint(firsts.length);
  const [firstStarts, firstLengths] = [firsts.map((i) => starts[i] as number), firsts.map((i) => lengths[i] as number)];
  writeTexts(utf8, firstStarts, firstLengths, firsts.length, DISTINCT_LEVEL, out);
  writeNumbers(indexes, count, out);
}

function writeTexts(
  utf8: Uint8Array,
  starts: ArrayLike<number>,
  lengths: ArrayLike<number>,
  count: number,
  level: number,
  out: ByteWriter,
): void {
  writeNumbers(lengths, count, out);
  let total = 0;
  for (let i = 0; i < count; i += 1) total += lengths[i] as number;
  const joined = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const start = starts[i] as number;
    joined.set(utf8.subarray(start, start + (lengths[i] as number)), at);
    at += lengths[i] as number;
  }
  writeSmallest(joined, out, level);
}

/** Distinct texts one after another in `utf8`, from each of `offsets` to the next. */
export type StringTexts = { utf8: Uint8Array; offsets: Uint32Array };

export type StringColumn = { texts: StringTexts; places: Places };

export function readStrings(reader: ByteReader, count: number): StringColumn {
  const mode = reader.byte();
  if (mode === EACH) return { texts: readTexts(reader, count), places: EACH_ITS_OWN };
  if (mode !== DISTINCT) throw new Error(`unknown encoding ${mode} of texts`);
  const texts = readTexts(reader, reader.varint());
  return { texts, places: openNumbers(reader, count) };
}

function readTexts(reader: ByteReader, count: number): StringTexts {
  const lengths = readNumbers(reader, count);
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i += 1) offsets[i + 1] = (offsets[i] as number) + (lengths[i] as number);
  return { utf8: readSmallest(reader), offsets };
}
