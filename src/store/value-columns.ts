import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from "./byte-writer.ts";
import { type HexTexts, readHex, writeHex } from "./hex-column.ts";
import { lazy } from "./lazy.ts";
import { readNumbers, writeNumbers } from "./number-column.ts";
import { SLOT } from "./skeleton.ts";
import { readStrings, type StringTexts, writeStrings } from "./string-column.ts";
import { createWordList, type WordList } from "./word-list.ts";

/** What a slot holds, in one column: its kind (of SLOT), and of hexadecimal digits how many. */
export type ColumnKind = { kind: number; digits: number };

/** The values of a column that is to be written; what they are depends on the kind, as in `Tokens`. */
export type ColumnValues = { values: Float64Array; lengths: Uint32Array; count: number };

/** How the digits of numbers are written: without leading zeros, all of one width, or each with its own. */
const CANONICAL = 0;
const ONE_WIDTH = 1;
const EACH_WIDTH = 2;

export function writeValues({ kind, digits }: ColumnKind, column: ColumnValues, utf8: Uint8Array, out: ByteWriter): void {
  const { values, lengths, count } = column;
  switch (kind) {
    case SLOT.number:
      return writeDecimals(values, lengths, count, out);
    case SLOT.hex:
    case SLOT.uuid:
      return writeHex(utf8, values, count, digits, out);
    case SLOT.text:
      return writeStrings(utf8, values, lengths, count, out);
    default:
      return writeNumbers(values, count, out);
  }
}

function writeDecimals(values: Float64Array, lengths: Uint32Array, count: number, out: ByteWriter): void {
  let canonical = true;
  let oneWidth = true;
  const width = lengths[0] as number;
  for (let i = 0; i < count && (canonical || oneWidth); i += 1) {
    const length = lengths[i] as number;
    if (length !== width) oneWidth = false;
    if (canonical && length > 1 && (values[i] as number) < (POWERS[length - 1] as number)) canonical = false;
  }
  if (canonical) out.byte(CANONICAL);
  else if (oneWidth) {
    out.byte(ONE_WIDTH);
    out.byte(width);
  } else {
    out.byte(EACH_WIDTH);
    writeNumbers(lengths, count, out);
  }
  writeNumbers(values, count, out);
}

const POWERS = Array.from({ length: 16 }, (_, digits) => 10 ** digits);

/** A column's distinct values as they lie in memory, by what they are; of numbers all of them. */
export type Values =
  | { kind: "numbers"; values: Float64Array; widths: ArrayLike<number> | undefined }
  | ({ kind: "hex"; dashed: boolean } & HexTexts)
  | ({ kind: "strings" } & StringTexts)
  | { kind: "words"; list: WordList };

/** A column that can be read. No more of it is decoded than is asked for. */
export type ValueReader = {
  values: Values;
  distinct: number;
  distinctText(index: number): string;
  /** For each value which of the distinct ones it is; undefined where each is the one of its own number. */
  indexes(): ArrayLike<number> | undefined;
  /** The text of a value. */
  text(index: number): string;
};

/** Reads a column that `writeValues` wrote with so many values. */
export function readValues({ kind, digits }: ColumnKind, reader: ByteReader, count: number, words: WordList): ValueReader {
  switch (kind) {
    case SLOT.number:
      return readDecimals(reader, count);
    case SLOT.hex:
    case SLOT.uuid: {
      const { indexes, ...texts } = readHex(reader, count, digits);
      const values: Values = { kind: "hex", dashed: kind === SLOT.uuid, ...texts };
      return readerOf(values, texts.distinct, hexText(texts, kind === SLOT.uuid), indexes);
    }
    case SLOT.text: {
      const { indexes, ...texts } = readStrings(reader, count);
      const distinct = texts.offsets.length - 1;
      return readerOf({ kind: "strings", ...texts }, distinct, stringText(texts), indexes);
    }
    case SLOT.word:
      return readWords(reader, count, words);
    case SLOT.literal:
      return readWords(reader, count, literals);
    default:
      throw new Error(`unknown kind ${kind} of a column`);
  }
}

export function readerOf(
  values: Values,
  distinct: number,
  distinctText: (index: number) => string,
  indexes: () => ArrayLike<number> | undefined,
): ValueReader {
  const text = (index: number) => {
    const own = indexes();
    return distinctText(own === undefined ? index : (own[index] as number));
  };
  return { values, distinct, distinctText, indexes, text };
}

export const LITERALS = ["null", "false", "true"] as const;
const literals = createWordList(LITERALS);

function readWords(reader: ByteReader, count: number, list: WordList): ValueReader {
  const indexes = lazy(() => readNumbers(reader, count));
  return readerOf({ kind: "words", list }, list.words.length, (index) => list.words[index] as string, indexes);
}

function hexText({ digits, copyDigits }: HexTexts, dashed: boolean): (index: number) => string {
  const one = Buffer.alloc(digits);
  const digitsOf = (index: number) => {
    copyDigits(index, one);
    return one.toString("latin1");
  };
  if (!dashed) return digitsOf;
  return (index) => {
    const d = digitsOf(index);
    return `${d.slice(0, 8)}-${d.slice(8, 12)}-${d.slice(12, 16)}-${d.slice(16, 20)}-${d.slice(20)}`;
  };
}

function stringText({ utf8, offsets }: StringTexts): (index: number) => string {
  const buffer = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length);
  const texts: string[] = [];
  return (index) => {
    texts[index] ??= buffer.toString("utf8", offsets[index], offsets[index + 1]);
    return texts[index] as string;
  };
}

function readDecimals(reader: ByteReader, count: number): ValueReader {
  const mode = reader.byte();
  if (mode !== CANONICAL && mode !== ONE_WIDTH && mode !== EACH_WIDTH) throw new Error(`unknown writing ${mode} of numbers`);
  const width = mode === ONE_WIDTH ? reader.byte() : 0;
  const eachWidth = mode === EACH_WIDTH ? readNumbers(reader, count) : undefined;
  const widths = mode === ONE_WIDTH ? new Uint8Array(count).fill(width) : eachWidth;
  const values = readNumbers(reader, count);
  const text =
    widths === undefined
      ? (index: number) => decimal(values[index] as number)
      : (index: number) => decimal(values[index] as number).padStart(widths[index] as number, "0");
  return readerOf({ kind: "numbers", values, widths }, count, text, () => undefined);
}

/** Small whole numbers are far quicker to write where they are known to be such. */
function decimal(value: number): string {
  const small = value | 0;
  return small === value ? String(small) : String(value);
}

/** Columns of this many bytes are parts of their own, read only where they are needed; of the smaller ones all lie in one part. */
const LARGE_BYTES = 4096;

/** Columns on their way into a block: `small` holds their sizes (0 for a large one), then the small ones. */
export type WrittenColumns = { small: Uint8Array; large: Uint8Array[] };

/** Writes columns one after another, each by its own call of `write`. */
export function writeColumns(count: number, maxLarge: number, write: (column: number, out: ByteWriter) => void): WrittenColumns {
  const out = createByteWriter();
  const sizes = new Float64Array(count);
  const large: Uint8Array[] = [];
  const small = createByteWriter();
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
