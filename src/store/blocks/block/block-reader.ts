import type { RowTexts } from "../bytes/row-texts.ts";
import type { TemplatedReader } from "../template/templated-reader.ts";
import type { KeptTexts } from "../template/verbatim-texts.ts";
import type { BlockMeta } from "./block.ts";

/** Thrown where a block was replaced between its being listed and being read: list again and go on after the last row had. */
export class BlockGone extends Error {}

/** One page's texts. */
export type PageText = {
  text: string;
  /** Whether it is known to be nothing but ASCII. */
  isAscii: boolean;
  /** Where the text of each row of the page starts, and one more entry for the end. Not every search that reads a page needs them. */
  offsets(): Uint32Array;
};

export const COLUMN_PARTS = ["timestamp", "nanos", "digits", "received", "severity", "service"] as const;
export type ColumnPart = (typeof COLUMN_PARTS)[number];

/** Reads of a block what is asked for, once. */
export type BlockReader = {
  meta: BlockMeta;
  /** A column's values for all rows. */
  column(part: ColumnPart): Float64Array;
  /** A column's values for the rows of a page. */
  columnOfPage(part: ColumnPart, page: number): Float64Array;
  /** Those of some rows of a page, in the order of `rows`, without reading all others where that can be. */
  columnOfRows(part: ColumnPart, page: number, rows: readonly number[]): Float64Array;
  pages(): number;
  /** The first row of the page and the row after its last. */
  pageRange(page: number): { from: number; to: number };
  messages(page: number): PageText;
  attributes(page: number): PageText;
  /** All texts of a page as UTF-8, where that is how they are kept. */
  utf8?(texts: "messages" | "attributes", page: number): Uint8Array;
  /** The texts of some rows of a page, in the order of `rows`, without reading those of all others where that can be. */
  texts(texts: "messages" | "attributes", page: number, rows: ArrayLike<number>): string[];
  /** Puts the texts of some rows of a page into `into`, as they stand in JSON: messages inside a string, attributes as they are. */
  jsonTexts(texts: "messages" | "attributes", page: number, rows: ArrayLike<number>, into: RowTexts): void;
  /** For each row the length of its text, in UTF-16 units. */
  lengths(texts: "messages" | "attributes"): Float64Array;
  /** Reads all that there is to know of the rows of a page; false where the block is gone. Until another page is read it can be had. */
  load(page: number): boolean;
  /** The Bloom filter of a page; undefined where the block is too small to have any. */
  bloom(page: number): Uint8Array | undefined;
  /** Where its texts are taken apart: what they are made of. */
  dense?: DenseBlock;
};

/** Of a page's values, the first of which is that of the row `from`, those of some rows. */
export function valuesOfRows(values: Float64Array, from: number, rows: readonly number[]): Float64Array {
  const selected = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) selected[i] = values[(rows[i] as number) - from] as number;
  return selected;
}

/** One attribute's values in the rows of a page: each distinct one once. */
export type AttributeColumn = {
  /** The JSON text of each distinct value. */
  values: string[];
  /** For each row 0 where it has no such attribute, else one more than its value's place in `values`. */
  indexes: Uint32Array;
};

/** One of the two texts of a block. */
export type DenseText = {
  templated: TemplatedReader;
  kept: KeptTexts;
  page(page: number): PageText;
};

/** The filters of a dense block's words. */
export type DenseBlooms = {
  /** Of those in texts that are taken apart; words with an ASCII digit in them, and parts of UUIDs, need not be in it. */
  templated: Uint8Array;
  /** Of each page of messages that are kept as they are. */
  messages: Uint8Array[];
  attributes: Uint8Array[];
};

/** The filters of one of a dense block's texts, as to grams. */
export type GramFilters = {
  /** Of grams of letters in texts that are taken apart; of attributes in their values only. */
  templated: Uint8Array;
  /** Of all grams in each page of those that are kept as they are. */
  pages: Uint8Array[];
};

/** A dense block as searches see it. */
export type DenseBlock = {
  messages(): DenseText;
  attributes(): DenseText;
  blooms(): DenseBlooms;
  /** Undefined for a block of before there were any. */
  grams(): { messages: GramFilters; attributes: GramFilters } | undefined;
  /** How many records there are of each service and severity: at `service * SEVERITIES.length + severity`. */
  counts(): Uint32Array;
  /** How many records there are in each interval of so many ms since the epoch, by its start and the timestamps. */
  countPer(ms: number): Map<number, number>;
  /** How many messages there are of each template, first of those kept as they are; undefined for a block of before it was counted. */
  templateRows(): ArrayLike<number> | undefined;
  /** For each row whether `find` has set it; found once for each `key`. */
  hits(key: object, find: (hits: Uint8Array) => void): Uint8Array;
  /** False: what was found for `key` is on other pages. */
  mayHit(key: object, page: number): boolean;
  /** The attribute at `path` of all rows. */
  attribute(path: string): AttributeColumn;
};
