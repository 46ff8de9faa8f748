import type { Database } from "bun:sqlite";
import { type BlockMeta, decodeColumn, decodePage, decodePageStarts, PART, unbundle } from "./block.ts";
import { bloomOfPage } from "./bloom.ts";
import { readPart } from "./database.ts";

/** Thrown where a block was replaced between its being listed and being read: list again and go on after the last row had. */
export class BlockGone extends Error {}

/** One page's texts. */
export type PageText = {
  text: string;
  /** Where the text of each row of the page starts, and one more entry for the end. Not every search that reads a page needs them. */
  offsets(): Uint32Array;
};

export type ColumnPart =
  | "timestamp"
  | "nanos"
  | "digits"
  | "received"
  | "severity"
  | "service"
  | "messageLengths"
  | "attributeLengths";

/** Reads of a block what is asked for, once. */
export type BlockReader = {
  meta: BlockMeta;
  column(part: ColumnPart): Float64Array;
  pages(): number;
  /** The first row of the page and the row after its last. */
  pageRange(page: number): { from: number; to: number };
  messages(page: number): PageText;
  attributes(page: number): PageText;
  /** The Bloom filter of a page; undefined where the block is too small to have any. */
  bloom(page: number): Uint8Array | undefined;
};

export function openBlock(database: Database, meta: BlockMeta): BlockReader {
  const columns = new Map<ColumnPart, Float64Array>();
  let bundled: Map<number, Uint8Array> | undefined;
  let loaded = false;
  let starts: Float64Array | undefined;
  let blooms: { bytes: Uint8Array | undefined } | undefined;
  // Rows are read page by page: the page last read of each text is kept, not more.
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

  function column(part: ColumnPart): Float64Array {
    let values = columns.get(part);
    if (values === undefined) {
      values = decodeColumn(requiredPart(PART[part]), meta.rows);
      columns.set(part, values);
    }
    return values;
  }

  function pageStarts(): Float64Array {
    starts ??= decodePageStarts(requiredPart(PART.pageStarts));
    return starts;
  }

  function pageRange(page: number): { from: number; to: number } {
    const all = pageStarts();
    return { from: all[page] as number, to: all[page + 1] ?? meta.rows };
  }

  function pageOffsets(lengthsOf: ColumnPart, page: number): Uint32Array {
    const lengths = column(lengthsOf);
    const { from, to } = pageRange(page);
    const offsets = new Uint32Array(to - from + 1);
    for (let row = from; row < to; row += 1) offsets[row - from + 1] = (offsets[row - from] as number) + (lengths[row] as number);
    return offsets;
  }

  function pageText(part: number, lengthsOf: ColumnPart, page: number): PageText {
    const held = kept.get(part);
    if (held?.page === page) return held.text;
    const bytes = optionalPart(part, page);
    let offsets = bytes === undefined ? pageOffsets(lengthsOf, page) : undefined;
    // A page without text has no part; one that has text and no part was deleted meanwhile.
    if ((offsets?.at(-1) ?? 0) > 0) throw new BlockGone();
    const text: PageText = {
      text: bytes === undefined ? "" : decodePage(bytes),
      offsets() {
        offsets ??= pageOffsets(lengthsOf, page);
        return offsets;
      },
    };
    kept.set(part, { page, text });
    return text;
  }

  return {
    meta,
    column,
    pages: () => pageStarts().length,
    pageRange,
    messages: (page) => pageText(PART.messages, "messageLengths", page),
    attributes: (page) => pageText(PART.attributes, "attributeLengths", page),
    bloom(page) {
      blooms ??= { bytes: optionalPart(PART.blooms, 0) };
      return blooms.bytes && bloomOfPage(blooms.bytes, pageStarts().length, page);
    },
  };
}
