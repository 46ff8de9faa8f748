import { createByteReader } from "./byte-writer.ts";
import { lazy } from "./lazy.ts";
import { readSmallest } from "./number-column.ts";
import { FIRST_SLOT, SLOT, slotsOf } from "./skeleton.ts";
import type { ColumnKind } from "./value-columns.ts";
import { createWordList, type WordList } from "./word-list.ts";
import { foldCase } from "./words.ts";

export type Template = {
  skeleton: Uint8Array;
  /** The texts before, between and after the slots. */
  pieces: string[];
  /** The same, folded. */
  foldedPieces(): string[];
  /** The kinds of the slots, and their columns. */
  kinds: number[];
  columns: Uint32Array;
};

/** The templates of a block's texts, and what their slots hold. */
export type TemplateDictionary = {
  templates: Template[];
  /** A 1 for each template that has a slot of such a kind, or the text in what lies before, between and after its slots. */
  templatesWith(kinds: (kind: number) => boolean, text: string, folded: boolean): Uint8Array;
  columns: ColumnKind[];
  /** For each column one more than the column that it follows from; 0 where there is none. */
  sources: number[];
  words: WordList;
  /** What it takes unpacked. */
  bytes: number;
};

/** Reads what `writeTemplated` wrote of a block's templates. */
export function readDictionary(packed: Uint8Array): TemplateDictionary {
  const bytes = readSmallest(createByteReader(packed));
  const reader = createByteReader(bytes);
  const pieceAt = createPieces(bytes);
  const templates = Array.from({ length: reader.varint() }, () => {
    const skeleton = reader.take(reader.varint());
    const from = skeleton.byteOffset - bytes.byteOffset;
    const slots = slotsOf(skeleton);
    const starts = [from, ...slots.map(({ end }) => from + end)];
    const ends = [...slots.map(({ start }) => from + start), from + skeleton.length];
    const pieces = starts.map((start, i) => pieceAt.plain(start, ends[i] as number));
    const kinds = slots.map(({ kind }) => kind);
    const foldedPieces = lazy(() => starts.map((start, i) => pieceAt.folded(start, ends[i] as number)));
    return { skeleton, pieces, foldedPieces, kinds, columns: Uint32Array.from(slots, () => reader.varint()) };
  });
  const sources: number[] = [];
  const columns = Array.from({ length: reader.varint() }, () => {
    const kind = { kind: reader.byte(), digits: reader.byte() };
    sources.push(reader.varint());
    return kind;
  });
  const words = Array.from({ length: reader.varint() }, () => textOf(reader.take(reader.varint())));
  const templatesWith = createTemplateSearch(templates);
  return { templates, templatesWith, columns, sources, words: createWordList(words), bytes: bytes.length };
}

/** Searches the pieces of all templates in one go. */
function createTemplateSearch(templates: readonly Template[]): TemplateDictionary["templatesWith"] {
  const kindsOf = lazy(() => Uint8Array.from(templates, ({ kinds }) => kinds.reduce((bits, kind) => bits | bitOfKind(kind), 0)));
  const plain = lazy(() => joinPieces(templates.map(({ pieces }) => pieces)));
  const folded = lazy(() => joinPieces(templates.map(({ foldedPieces }) => foldedPieces())));
  return (isWanted, text, isFolded) => {
    const wanted = Object.values(SLOT).reduce((bits, kind) => (isWanted(kind) ? bits | bitOfKind(kind) : bits), 0);
    const found = kindsOf().map((kinds) => ((kinds & wanted) === 0 ? 0 : 1));
    const { joined, ends } = isFolded ? folded() : plain();
    let template = 0;
    for (let at = joined.indexOf(text); at >= 0; at = joined.indexOf(text, ends[template])) {
      while ((ends[template] as number) <= at) template += 1;
      found[template] = 1;
    }
    return found;
  };
}

function bitOfKind(kind: number): number {
  return 1 << (kind - FIRST_SLOT);
}

/** With something between two pieces, and where those of each template end. */
function joinPieces(pieces: readonly string[][]): { joined: string; ends: Uint32Array } {
  let end = 0;
  const texts = pieces.map((own) => `${own.join("\0")}\0`);
  const ends = Uint32Array.from(texts, ({ length }) => {
    end += length;
    return end;
  });
  return { joined: texts.join(""), ends };
}

/** Cuts texts out of UTF-8, most of which is ASCII: that is decoded, and folded, in one go. */
function createPieces(bytes: Uint8Array) {
  const ascii = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  let foldedAscii: string | undefined;
  const isAscii = (start: number, end: number) => {
    for (let at = start; at < end; at += 1) if ((bytes[at] as number) >= 0x80) return false;
    return true;
  };
  return {
    plain: (start: number, end: number) => (isAscii(start, end) ? ascii.slice(start, end) : textOf(bytes.subarray(start, end))),
    folded(start: number, end: number) {
      if (!isAscii(start, end)) return foldCase(textOf(bytes.subarray(start, end)));
      foldedAscii ??= ascii.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
      return foldedAscii.slice(start, end);
    },
  };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textOf(utf8: Uint8Array): string {
  return decoder.decode(utf8);
}
