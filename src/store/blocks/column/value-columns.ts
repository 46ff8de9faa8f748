import { lazy } from "../../../memory/lazy.ts";
import type { Keep } from "../../../memory/read-cache.ts";
import {
  createTextBuffer,
  needsEscapes,
  putBytes,
  putDecimal,
  putEscaped,
  reserve,
  type TextBuffer,
} from "../../../memory/text-buffer.ts";
import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { type HexTexts, readHex, writeHex } from "./hex-column.ts";
import { EACH_ITS_OWN, type Places } from "./places.ts";
import { type Numbers, openNumbers } from "./read-numbers.ts";
import { type DistinctTexts, findDistinctTexts, readStrings, type StringTexts, writeStrings } from "./string-column.ts";
import { SLOT, UUID_BYTES } from "./value-kind.ts";
import { createWordList, type WordList } from "./word-list.ts";
import { writeNumbers } from "./write-numbers.ts";

/** What a slot holds, in one column: its kind (of SLOT), and of hexadecimal digits how many. */
export type ColumnKind = { kind: number; digits: number };

/** The values of a column that is to be written; what they are depends on the kind, as in `Tokens`. */
export type ColumnValues = {
  values: Float64Array;
  lengths: Uint32Array;
  count: number;
  /** Of texts those that are distinct, once they were written; undefined where they were not told apart. */
  distinct?: DistinctTexts | undefined;
};

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
    case SLOT.phrase:
      column.distinct = findDistinctTexts(utf8, column);
      return writeStrings(utf8, column, column.distinct, out);
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
  /** `widthOf`: how many digits each is written with, where they are more than it has. */
  | { kind: "numbers"; numbers: Numbers; widthOf: ((index: number) => number) | undefined }
  | ({ kind: "hex"; dashed: boolean } & HexTexts)
  | ({ kind: "strings" } & StringTexts)
  | { kind: "words"; list: WordList };

/** How the distinct values of a column are written. */
type Writing = {
  distinctText(index: number): string;
  /** Puts the text of a distinct value behind what is in the buffer, where it is `escaped` as it stands inside a JSON string. */
  putDistinct(index: number, buffer: TextBuffer, escaped?: boolean): void;
};

/** A column that can be read. No more of it is decoded than is asked for. */
export type ValueReader = Writing & {
  values: Values;
  distinct: number;
  places: Places;
  /**
   * Which distinct value a row has, of whose values the `index`-th is its own: values of the column, or where it follows
   * from another those of that.
   */
  ofRow(index: number): number;
};

/** The text of a value. */
export function textOf({ places, distinctText }: ValueReader, index: number): string {
  return distinctText(places.at(index));
}

/** Reads a column that `writeValues` wrote with so many values. `keep` is asked for what makes one value quick to find. */
export function readValues(
  { kind, digits }: ColumnKind,
  reader: ByteReader,
  count: number,
  words: WordList,
  keep: Keep,
): ValueReader {
  switch (kind) {
    case SLOT.number:
      return readDecimals(reader, count);
    case SLOT.hex:
    case SLOT.uuid: {
      const { texts, places } = readHex(reader, count, digits, keep);
      const dashed = kind === SLOT.uuid;
      return {
        values: { kind: "hex", dashed, ...texts },
        distinct: texts.distinct,
        places,
        ofRow: places.at,
        ...writingOfHex(texts, dashed),
      };
    }
    case SLOT.text:
    case SLOT.phrase: {
      const { texts, places } = readStrings(reader, count);
      const distinct = texts.offsets.length - 1;
      return { values: { kind: "strings", ...texts }, distinct, places, ofRow: places.at, ...writingOfStrings(texts) };
    }
    case SLOT.word:
      return readWords(reader, count, words);
    case SLOT.literal:
      return readWords(reader, count, literals);
    default:
      throw new Error(`unknown kind ${kind} of a column`);
  }
}

export const LITERALS = ["null", "false", "true"] as const;
const literals = createWordList(LITERALS);

function readWords(reader: ByteReader, count: number, list: WordList): ValueReader {
  const places = openNumbers(reader, count);
  return {
    values: { kind: "words", list },
    distinct: list.words.length,
    places,
    ofRow: places.at,
    distinctText: (index) => list.words[index] as string,
    putDistinct: list.put,
  };
}

const DASH = 45;
/** How many digits of a UUID stand before each of its dashes. */
const UUID_GROUPS = [8, 12, 16, 20];
const UUID_DIGITS = UUID_BYTES - UUID_GROUPS.length;

function writingOfHex({ digits, copyDigits }: HexTexts, dashed: boolean): Writing {
  const one = createTextBuffer(UUID_BYTES + digits);
  function putDistinct(index: number, buffer: TextBuffer): void {
    const at = reserve(buffer, UUID_BYTES + digits);
    copyDigits(index, buffer.bytes, at);
    buffer.length = at + digits;
    if (dashed) putDashes(buffer, at);
  }
  return {
    putDistinct,
    distinctText(index) {
      one.length = 0;
      putDistinct(index, one);
      return Buffer.from(one.bytes.buffer, 0, one.length).toString("latin1");
    },
  };
}

/** Makes room for a dash behind each group of the digits that start at `at`, from the last one on. */
function putDashes(buffer: TextBuffer, at: number): void {
  const { bytes } = buffer;
  for (let group = UUID_GROUPS.length; group > 0; group -= 1) {
    const start = at + (UUID_GROUPS[group - 1] as number);
    const end = at + (UUID_GROUPS[group] ?? UUID_DIGITS);
    for (let i = end - 1; i >= start; i -= 1) bytes[i + group] = bytes[i] as number;
    bytes[start + group - 1] = DASH;
  }
  buffer.length += UUID_GROUPS.length;
}

function writingOfStrings({ utf8, offsets }: StringTexts): Writing {
  const buffer = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length);
  const texts: string[] = [];
  // Of most columns there is nothing to escape.
  const hasEscapes = lazy(() => needsEscapes(utf8));
  return {
    distinctText(index) {
      texts[index] ??= buffer.toString("utf8", offsets[index], offsets[index + 1]);
      return texts[index] as string;
    },
    putDistinct(index, to, escaped = false) {
      const put = escaped && hasEscapes() ? putEscaped : putBytes;
      put(to, utf8, offsets[index], offsets[index + 1]);
    },
  };
}

function readDecimals(reader: ByteReader, count: number): ValueReader {
  const mode = reader.byte();
  if (mode !== CANONICAL && mode !== ONE_WIDTH && mode !== EACH_WIDTH) throw new Error(`unknown writing ${mode} of numbers`);
  const width = mode === ONE_WIDTH ? reader.byte() : 1;
  const widths = mode === EACH_WIDTH ? openNumbers(reader, count) : undefined;
  const widthOf = widths === undefined ? () => width : widths.at;
  const numbers = openNumbers(reader, count);
  return {
    values: { kind: "numbers", numbers, widthOf: mode === CANONICAL ? undefined : widthOf },
    distinct: count,
    places: EACH_ITS_OWN,
    ofRow: EACH_ITS_OWN.at,
    distinctText(index) {
      const text = decimal(numbers.at(index));
      return mode === CANONICAL ? text : text.padStart(widthOf(index), "0");
    },
    putDistinct: (index, buffer) => putDecimal(buffer, numbers.at(index), widthOf(index)),
  };
}

/** Small whole numbers are far quicker to write where they are known to be such. */
function decimal(value: number): string {
  const small = value | 0;
  return small === value ? String(small) : String(value);
}
