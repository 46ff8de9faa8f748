import { lazy } from "../../../memory/lazy.ts";
import { createTextBuffer, putEscaped, takeBytes } from "../../../memory/text-buffer.ts";
import { type ByteReader, createByteReader } from "../bytes/byte-reader.ts";
import { readSmallest } from "../bytes/pack-bytes.ts";
import type { ColumnKind } from "../column/value-columns.ts";
import { FIRST_SLOT, SLOT } from "../column/value-kind.ts";
import { createWordList, type WordList } from "../column/word-list.ts";
import { foldCase } from "../index/words.ts";
import { slotsOf } from "./skeleton.ts";

export type Template = {
  skeleton: Uint8Array;
  /** The texts before, between and after the slots. */
  pieces(): string[];
  /** The same, folded. */
  foldedPieces(): string[];
  /** The kinds of the slots, and their columns. */
  kinds: number[];
  columns: Uint32Array;
};

/** Texts as UTF-8, all in one. */
export type Pieces = { utf8: Uint8Array; starts: Uint32Array; ends: Uint32Array };

/** The templates of a block's texts, and what their slots hold. */
export type TemplateDictionary = {
  /** How many templates there are. */
  count: number;
  /** The template `number`, from 1 on; made when it is first asked for. */
  template(number: number): Template;
  /** By template (0 is none) a 1 where it has a slot of such a kind, or may have the text before, between or after its slots. */
  templatesWith(isWanted: (kind: number) => boolean, text: string, folded: boolean): Uint8Array;
  /** The columns of the slots of all templates, one after another. */
  slotColumns: Uint32Array;
  /** Where among these those of a template start, and, in the next entry, where they end. */
  slotStarts: Uint32Array;
  /** The pieces of all templates, perhaps as they stand inside a JSON string; those of template `n` start at `slotStarts[n] + n - 1`. */
  pieces(escaped: boolean): Pieces;
  columns: ColumnKind[];
  /** For each column one more than the column that it follows from; 0 where there is none. */
  sources: number[];
  words: WordList;
  /** By what the values of each slot are counted. */
  countedBy(): CountedBy;
  /** What it takes unpacked. */
  bytes: number;
};

/**
 * For each slot of all templates the column whose values tell which one a row has there: its own, or the one that this follows
 * from; and a 1 where the row's value of that other column stands in a slot before, and has been counted.
 */
type CountedBy = { columns: Uint32Array; passed: Uint8Array };

/** Reads what `writeTemplated` wrote of a block's templates. */
export function readDictionary(packed: Uint8Array): TemplateDictionary {
  const bytes = readSmallest(createByteReader(packed));
  const reader = createByteReader(bytes);
  const cut = createCutter(bytes);
  const found = findTemplates(bytes, reader);
  const made: (Template | undefined)[] = new Array(found.count + 1).fill(undefined);
  const template = (number: number) => {
    made[number] ??= openTemplate(found, number, cut);
    return made[number] as Template;
  };
  const plainPieces = lazy(() => findPieces(bytes, found));
  const escapedPieces = lazy(() => escapePieces(plainPieces()));
  const sources: number[] = [];
  const columns: ColumnKind[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    columns.push(kindOfColumn(reader.byte(), reader.byte()));
    sources.push(reader.varint());
  }
  const words: string[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    const word = reader.take(reader.varint());
    const from = word.byteOffset - bytes.byteOffset;
    words.push(cut.plain(from, from + word.length));
  }
  return {
    count: found.count,
    template,
    templatesWith: (isWanted, text, folded) => templatesWith(found, template, cut.ascii(folded), isWanted, text, folded),
    slotColumns: found.columns,
    slotStarts: found.columnStarts,
    pieces: (escaped) => (escaped ? escapedPieces() : plainPieces()),
    columns,
    sources,
    countedBy: lazy(() => findCountedBy(found, sources)),
    words: createWordList(words),
    bytes: bytes.length,
  };
}

function findCountedBy({ count, columns, columnStarts }: FoundTemplates, sources: number[]): CountedBy {
  const counted = { columns: columns.slice(), passed: new Uint8Array(columns.length) };
  for (let number = 1; number <= count; number += 1) {
    const start = columnStarts[number] as number;
    for (let slot = start; slot < (columnStarts[number + 1] as number); slot += 1) {
      const source = sources[columns[slot] as number] as number;
      if (source === 0) continue;
      counted.columns[slot] = source - 1;
      if (columns.subarray(start, slot).includes(source - 1)) counted.passed[slot] = 1;
    }
  }
  return counted;
}

function findPieces(bytes: Uint8Array, { count, starts, lengths, columns }: FoundTemplates): Pieces {
  const pieces = { utf8: bytes, starts: new Uint32Array(columns.length + count), ends: new Uint32Array(columns.length + count) };
  let piece = 0;
  for (let number = 1; number <= count; number += 1) {
    const end = (starts[number] as number) + (lengths[number] as number);
    let start = starts[number] as number;
    for (let at = start; at <= end; at += 1) {
      if (at < end && (bytes[at] as number) < FIRST_SLOT) continue;
      pieces.starts[piece] = start;
      pieces.ends[piece] = at;
      piece += 1;
      if (at < end && bytes[at] === SLOT.hex) at += 1;
      start = at + 1;
    }
  }
  return pieces;
}

function escapePieces({ utf8, starts, ends }: Pieces): Pieces {
  const buffer = createTextBuffer(utf8.length);
  const escaped = { starts: new Uint32Array(starts.length), ends: new Uint32Array(starts.length) };
  for (let piece = 0; piece < starts.length; piece += 1) {
    escaped.starts[piece] = buffer.length;
    putEscaped(buffer, utf8, starts[piece], ends[piece]);
    escaped.ends[piece] = buffer.length;
  }
  return { utf8: takeBytes(buffer), ...escaped };
}

const kindsOfColumns = new Map<number, ColumnKind>();

/** There are few kinds, and very many columns. */
function kindOfColumn(kind: number, digits: number): ColumnKind {
  const key = kind * 256 + digits;
  let known = kindsOfColumns.get(key);
  if (known === undefined) {
    known = { kind, digits };
    kindsOfColumns.set(key, known);
  }
  return known;
}

/** Where the templates lie in the bytes, by their numbers. */
type FoundTemplates = {
  count: number;
  /** Where each skeleton starts, with one more entry for the end of the bytes, and how long it is. */
  starts: Uint32Array;
  lengths: Uint32Array;
  /** The columns of all slots, and where those of each template start. */
  columns: Uint32Array;
  columnStarts: Uint32Array;
  /** Which kinds of slots it has (a bit for each), and whether it has more than ASCII. */
  kinds: Uint8Array;
  beyondAscii: Uint8Array;
};

function findTemplates(bytes: Uint8Array, reader: ByteReader): FoundTemplates {
  const count = reader.varint();
  const starts = new Uint32Array(count + 2).fill(bytes.length);
  const [kinds, beyondAscii] = [new Uint8Array(count + 1), new Uint8Array(count + 1)];
  const lengths = new Uint32Array(count + 1);
  const columnStarts = new Uint32Array(count + 2);
  const columns: number[] = [];
  for (let number = 1; number <= count; number += 1) {
    const skeleton = reader.take(reader.varint());
    const start = skeleton.byteOffset - bytes.byteOffset;
    const end = start + skeleton.length;
    let slots = 0;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte < 0x80) continue;
      if (byte < FIRST_SLOT) beyondAscii[number] = 1;
      else {
        slots += 1;
        kinds[number] = (kinds[number] as number) | bitOfKind(byte);
        if (byte === SLOT.hex) at += 1;
      }
    }
    starts[number] = start;
    lengths[number] = skeleton.length;
    for (let slot = 0; slot < slots; slot += 1) columns.push(reader.varint());
    columnStarts[number + 1] = columns.length;
  }
  return { count, starts, lengths, columns: Uint32Array.from(columns), columnStarts, kinds, beyondAscii };
}

function openTemplate(
  { starts, lengths, columns, columnStarts }: FoundTemplates,
  number: number,
  { bytes, plain, folded }: Cutter,
): Template {
  const from = starts[number] as number;
  const skeleton = bytes.subarray(from, from + (lengths[number] as number));
  const slots = slotsOf(skeleton);
  const pieceStarts = [from, ...slots.map(({ end }) => from + end)];
  const pieceEnds = [...slots.map(({ start }) => from + start), from + skeleton.length];
  return {
    skeleton,
    pieces: lazy(() => pieceStarts.map((start, i) => plain(start, pieceEnds[i] as number))),
    foldedPieces: lazy(() => pieceStarts.map((start, i) => folded(start, pieceEnds[i] as number))),
    kinds: slots.map(({ kind }) => kind),
    columns: columns.subarray(columnStarts[number], columnStarts[number + 1]),
  };
}

/** Searches what is ASCII in one go, in `ascii`, where all templates lie one after another as they were written. */
function templatesWith(
  { count, starts, kinds, beyondAscii }: FoundTemplates,
  template: (number: number) => Template,
  ascii: string,
  isWanted: (kind: number) => boolean,
  text: string,
  folded: boolean,
): Uint8Array {
  const wanted = Object.values(SLOT).reduce((bits, kind) => (isWanted(kind) ? bits | bitOfKind(kind) : bits), 0);
  const found = new Uint8Array(count + 1);
  for (let number = 1; number <= count; number += 1) {
    if (((kinds[number] as number) & wanted) !== 0) found[number] = 1;
    else if (beyondAscii[number] === 1) {
      const { pieces, foldedPieces } = template(number);
      if ((folded ? foldedPieces() : pieces()).some((piece) => piece.includes(text))) found[number] = 1;
    }
  }
  let number = 1;
  for (let at = ascii.indexOf(text); at >= 0 && number <= count; at = ascii.indexOf(text, starts[number])) {
    while (number <= count && (starts[number + 1] as number) <= at) number += 1;
    found[number] = 1;
    number += 1;
  }
  return found;
}

function bitOfKind(kind: number): number {
  return 1 << (kind - FIRST_SLOT);
}

/** Cuts texts out of UTF-8, most of which is ASCII: that is decoded, and folded, in one go; what becomes of other bytes then does not count. */
type Cutter = {
  bytes: Uint8Array;
  /** All of the bytes, each as one unit. */
  ascii(folded: boolean): string;
  plain(start: number, end: number): string;
  folded(start: number, end: number): string;
};

function createCutter(bytes: Uint8Array): Cutter {
  const ascii = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const foldedAscii = lazy(() => ascii.toLowerCase());
  const isAscii = (start: number, end: number) => {
    for (let at = start; at < end; at += 1) if ((bytes[at] as number) >= 0x80) return false;
    return true;
  };
  return {
    bytes,
    ascii: (folded) => (folded ? foldedAscii() : ascii),
    plain: (start, end) => (isAscii(start, end) ? ascii.slice(start, end) : textOf(bytes.subarray(start, end))),
    folded(start, end) {
      return isAscii(start, end) ? foldedAscii().slice(start, end) : foldCase(textOf(bytes.subarray(start, end)));
    },
  };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textOf(utf8: Uint8Array): string {
  return decoder.decode(utf8);
}
