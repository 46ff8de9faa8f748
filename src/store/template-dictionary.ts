import { createByteReader } from "./byte-writer.ts";
import { lazy } from "./lazy.ts";
import { readSmallest } from "./read-numbers.ts";
import { slotsOf } from "./skeleton.ts";
import { createTextBuffer, putEscaped, takeBytes } from "./text-buffer.ts";
import type { ColumnKind } from "./value-columns.ts";
import { createWordList, type WordList } from "./word-list.ts";
import { foldCase } from "./words.ts";

export type Template = {
  skeleton: Uint8Array;
  /** The texts before, between and after the slots. */
  pieces: string[];
  /** The same as UTF-8, perhaps as they stand inside a JSON string. */
  utf8Pieces(escaped: boolean): Uint8Array[];
  /** The same, folded. */
  foldedPieces(): string[];
  /** All of them in one, with something between two of them: what is not in it is in none. */
  joined(folded: boolean): string;
  /** The kinds of the slots, and their columns. */
  kinds: number[];
  columns: Uint32Array;
};

/** The templates of a block's texts, and what their slots hold. */
export type TemplateDictionary = {
  templates: Template[];
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
    const utf8 = () => starts.map((start, i) => bytes.subarray(start, ends[i]));
    const [plainPieces, escapedPieces] = [lazy(utf8), lazy(() => utf8().map(escapeBytes))];
    const utf8Pieces = (escaped: boolean) => (escaped ? escapedPieces() : plainPieces());
    const foldedPieces = lazy(() => starts.map((start, i) => pieceAt.folded(start, ends[i] as number)));
    const joinedPlain = lazy(() => pieces.join("\0"));
    const joinedFolded = lazy(() => foldedPieces().join("\0"));
    const joined = (isFolded: boolean) => (isFolded ? joinedFolded() : joinedPlain());
    const columns = Uint32Array.from(slots, () => reader.varint());
    return { skeleton, pieces, utf8Pieces, foldedPieces, joined, kinds, columns };
  });
  const sources: number[] = [];
  const columns = Array.from({ length: reader.varint() }, () => {
    const kind = { kind: reader.byte(), digits: reader.byte() };
    sources.push(reader.varint());
    return kind;
  });
  const words = Array.from({ length: reader.varint() }, () => textOf(reader.take(reader.varint())));
  return { templates, columns, sources, words: createWordList(words), bytes: bytes.length };
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

function escapeBytes(utf8: Uint8Array): Uint8Array {
  const buffer = createTextBuffer(utf8.length * 2);
  putEscaped(buffer, utf8);
  return takeBytes(buffer);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textOf(utf8: Uint8Array): string {
  return decoder.decode(utf8);
}
