import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { readSmallest, writeSmallest } from "../bytes/pack-bytes.ts";
import { EACH_ITS_OWN, type Places } from "./places.ts";
import { openNumbers, readNumbers } from "./read-numbers.ts";
import { writeNumbers } from "./write-numbers.ts";

/** Texts of any kind: each distinct one once and which one each is, or, where few come again, one after another. */
const EACH = 0;
const DISTINCT = 1;

/** Distinct texts are few, and worth more time than all of them. */
const DISTINCT_LEVEL = 6;
const EACH_LEVEL = 1;

/** For so many texts every one may be new before it is taken for granted that the rest are new as well. */
const TRIED = 256;
const MAX_TRIED_NEW = 200;

/** Where texts start in memory, how many bytes each has, and how many there are. */
export type TextPlaces = { values: ArrayLike<number>; lengths: ArrayLike<number>; count: number };

/** The distinct ones of texts: the place of the first of each, and which one each text is. */
export type DistinctTexts = { firsts: number[]; indexes: Uint32Array };

/** Undefined where so many are new that it is not worth telling them apart. */
export function findDistinctTexts(utf8: Uint8Array, { values, lengths, count }: TextPlaces): DistinctTexts | undefined {
  const buffer = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length);
  const known = new Map<string, number>();
  const indexes = new Uint32Array(count);
  const firsts: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const start = values[i] as number;
    const text = buffer.toString("latin1", start, start + (lengths[i] as number));
    let index = known.get(text);
    if (index === undefined) {
      index = firsts.push(i) - 1;
      known.set(text, index);
    }
    indexes[i] = index;
    if (i >= TRIED && firsts.length * TRIED > i * MAX_TRIED_NEW) return undefined;
  }
  return firsts.length * 4 > count * 3 ? undefined : { firsts, indexes };
}

/** Writes texts of `utf8`, each of the `distinct` ones once where these are known. */
export function writeStrings(utf8: Uint8Array, texts: TextPlaces, distinct: DistinctTexts | undefined, out: ByteWriter): void {
  const { values, lengths, count } = texts;
  if (distinct === undefined) {
    out.byte(EACH);
    return writeTexts(utf8, values, lengths, count, EACH_LEVEL, out);
  }
  const { firsts, indexes } = distinct;
  out.byte(DISTINCT);
  out.varint(firsts.length);
  const [firstStarts, firstLengths] = [firsts.map((i) => values[i] as number), firsts.map((i) => lengths[i] as number)];
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
