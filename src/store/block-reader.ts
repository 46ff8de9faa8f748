import type { Database } from "bun:sqlite";
import { type BlockMeta, decodePage, decodePageStarts, PART, unbundle } from "./block.ts";
import { bloomOfPage } from "./bloom.ts";
import { readPart } from "./database.ts";
import { DENSE_VERSION } from "./dense-block.ts";
import { type DenseBlock, openDenseBlock } from "./dense-block-reader.ts";
import { type IntColumn, openInts } from "./int-column.ts";
import type { PageCache } from "./page-cache.ts";

/** Thrown where a block was replaced between its being listed and being read: list again and go on after the last row had. */
export class BlockGone extends Error {}

/** One page's texts. */
export type PageText = {
  text: string;
  /** Where the text of each row of the page starts, and one more entry for the end. Not every search that reads a page needs them. */
  offsets(): Uint32Array;
};

export const COLUMN_PARTS = ["timestamp", "nanos", "digits", "received", "severity", "service"] as const;
export type ColumnPart = (typeof COLUMN_PARTS)[number];
type LengthsPart = "messageLengths" | "attributeLengths";

/** Reads of a block what is asked for, once. */
export type BlockReader = {
  meta: BlockMeta;
  /** A column's values for all rows. */
  column(part: ColumnPart): Float64Array;
  /** A column's values for the rows of a page. */
  columnOfPage(part: ColumnPart, page: number): Float64Array;
  pages(): number;
  /** The first row of the page and the row after its last. */
  pageRange(page: number): { from: number; to: number };
  messages(page: number): PageText;
  attributes(page: number): PageText;
  /** For each row the length of its text, in UTF-16 units. */
  lengths(texts: "messages" | "attributes"): Float64Array;
  /** Reads all that there is to know of the rows of a page; false where the block is gone. Until another page is read it can be had. */
  load(page: number): boolean;
  /** The Bloom filter of a page; undefined where the block is too small to have any. */
  bloom(page: number): Uint8Array | undefined;
  /** Where its texts are taken apart: what they are made of. */
  dense?: DenseBlock;
};

/** With a `cache`, pages of texts that were read before are there to be had again. */
export function openBlock(database: Database, meta: BlockMeta, cache?: PageCache<PageText>): BlockReader {
  return meta.version === DENSE_VERSION ? openDenseBlock(database, meta, cache) : openPlainBlock(database, meta, cache);
}

function openPlainBlock(database: Database, meta: BlockMeta, cache?: PageCache<PageText>): BlockReader {
  const columns = new Map<ColumnPart | LengthsPart, IntColumn>();
  let bundled: Map<number, Uint8Array> | undefined;
  let loaded = false;
  let starts: Float64Array | undefined;
  let blooms: { bytes: Uint8Array | undefined } | undefined;
  // Rows are mostly read page by page: the page last read of each text is kept, and what the cache has room for.
  const kept = new Map<number, { page: number; text: PageText }>();

  function optionalPart(part: number, page: number): Uint8Array | undefined {
    if (!loaded) {
      const bytes = readPart(database, meta.id, PART.bundle, 0);
      if (bytes !== undefined) bundled = new Map(unbundle(bytes).map((item) => [item.part * 65_536 + item.page, item.data]));
      loaded = true;
    }
    return bundled ? bundled.get(part * 65_536 + page) : readPart(database, meta.id, part, page);
  }

  function requiredPart(part: number): Uint8Array {
    const bytes = optionalPart(part, 0);
    if (bytes === undefined) throw new BlockGone();
    return bytes;
  }

  function open(part: ColumnPart | LengthsPart): IntColumn {
    let column = columns.get(part);
    if (column === undefined) {
      column = openInts(requiredPart(PART[part]), meta.rows);
      columns.set(part, column);
    }
    return column;
  }

  function columnOfPage(part: ColumnPart | LengthsPart, page: number): Float64Array {
    const { from, to } = pageRange(page);
    return open(part).slice(from, to);
  }

  function pageStarts(): Float64Array {
    starts ??= decodePageStarts(requiredPart(PART.pageStarts));
    return starts;
  }

  function pageRange(page: number): { from: number; to: number } {
    const all = pageStarts();
    return { from: all[page] as number, to: all[page + 1] ?? meta.rows };
  }

  function pageOffsets(lengthsOf: LengthsPart, page: number): Uint32Array {
    const lengths = columnOfPage(lengthsOf, page);
    const offsets = new Uint32Array(lengths.length + 1);
    for (let row = 0; row < lengths.length; row += 1) offsets[row + 1] = (offsets[row] as number) + (lengths[row] as number);
    return offsets;
  }

  function pageText(part: number, lengthsOf: LengthsPart, page: number): PageText {
    const held = kept.get(part);
    if (held?.page === page) return held.text;
    const read = () => readPage(part, lengthsOf, page);
    const text = cache?.get(`${meta.id}/${part}/${page}`, read) ?? read();
    kept.set(part, { page, text });
    return text;
  }

  function readPage(part: number, lengthsOf: LengthsPart, page: number): PageText {
    const bytes = optionalPart(part, page);
    let offsets = bytes === undefined ? pageOffsets(lengthsOf, page) : undefined;
    // A page without text has no part; one that has text and no part was deleted meanwhile.
    if ((offsets?.at(-1) ?? 0) > 0) throw new BlockGone();
    return {
      text: bytes === undefined ? "" : decodePage(bytes),
      offsets() {
        offsets ??= pageOffsets(lengthsOf, page);
        return offsets;
      },
    };
  }

  const messages = (page: number) => pageText(PART.messages, "messageLengths", page);
  const attributes = (page: number) => pageText(PART.attributes, "attributeLengths", page);

  return {
    meta,
    column: (part) => open(part).slice(0, meta.rows),
    columnOfPage,
    pages: () => pageStarts().length,
    pageRange,
    messages,
    attributes,
    lengths: (texts) => open(texts === "messages" ? "messageLengths" : "attributeLengths").slice(0, meta.rows),
    load(page) {
      try {
        for (const part of COLUMN_PARTS) open(part);
        open("messageLengths");
        open("attributeLengths");
        messages(page);
        attributes(page);
        return true;
      } catch (error) {
        if (error instanceof BlockGone) return false;
        throw error;
      }
    },
    bloom(page) {
      blooms ??= { bytes: optionalPart(PART.blooms, 0) };
      return blooms.bytes && bloomOfPage(blooms.bytes, pageStarts().length, page);
    },
  };
}
