import { freeBytes } from "../../../memory/free-bytes.ts";
import type { RecordBatch } from "../../record-batch.ts";
import { packBytes } from "../bytes/pack-bytes.ts";
import { decodeInts, encodeInts } from "../column/int-column.ts";
import { buildBloom, createHashSet, joinBlooms } from "../index/bloom.ts";
import { hashWords } from "../index/words.ts";

/**
 * A block: an immutable run of records with consecutive ids, kept by column, each column packed on its own. Texts are
 * cut into pages of rows, so that a few rows cost a page and not a block.
 */
export const BLOCK_VERSION = 1;

/** The columns of a block that is to be written: a batch with its times of receipt, and times of NaN filled in. */
export type BlockRows = RecordBatch & {
  firstId: number;
  receivedMs: Float64Array;
};

/** What is known of a block without reading it: enough to leave it out. Times in ms. */
export type BlockMeta = {
  /** Of the block, not of a record: a block that replaces others has a new one. */
  id: number;
  version: number;
  firstId: number;
  lastId: number;
  rows: number;
  timestampMin: number;
  timestampMax: number;
  receivedMin: number;
  receivedMax: number;
  /** A bit for each index of SEVERITIES that occurs. */
  severityMask: number;
  services: string[];
  /** Bytes of all parts. */
  bytes: number;
  /** UTF-16 units of the texts. */
  characters: number;
  /** What is said here is not what was written. */
  damaged?: true;
};

export type BlockPart = { part: number; page: number; data: Uint8Array };
export type EncodedBlock = { meta: Omit<BlockMeta, "id">; parts: BlockPart[] };

/** The parts of a block. Numbers are stored: they are never given a second meaning. */
export const PART = {
  /** All the other parts of a small block in one. */
  bundle: 0,
  timestamp: 1,
  nanos: 2,
  digits: 3,
  received: 4,
  severity: 5,
  service: 6,
  messageLengths: 7,
  attributeLengths: 8,
  /** The first row of each page. */
  pageStarts: 9,
  /** The pages' Bloom filters; small blocks have none. */
  blooms: 10,
  messages: 11,
  attributes: 12,
} as const;

/** About what a page of messages and attributes weighs before it is packed, in UTF-16 units. */
const PAGE_CHARACTERS = 384 * 1024;

export type EncodeOptions = { blooms: boolean; bundle: boolean };

const words = createHashSet();

export function encodeBlock(rows: BlockRows, options: EncodeOptions): EncodedBlock {
  const parts: BlockPart[] = [
    { part: PART.timestamp, page: 0, data: encodeInts(rows.timestampMs) },
    { part: PART.nanos, page: 0, data: encodeInts(rows.nanos) },
    { part: PART.digits, page: 0, data: encodeInts(rows.digits) },
    { part: PART.received, page: 0, data: encodeInts(rows.receivedMs) },
    { part: PART.severity, page: 0, data: encodeInts(rows.severity) },
    { part: PART.service, page: 0, data: encodeInts(rows.service) },
    { part: PART.messageLengths, page: 0, data: encodeInts(rows.messageLengths) },
    { part: PART.attributeLengths, page: 0, data: encodeInts(rows.attributeLengths) },
  ];
  const starts = pageStarts(rows);
  parts.push({ part: PART.pageStarts, page: 0, data: encodePageStarts(starts) });
  const blooms: Uint8Array[] = [];
  for (const [page, start] of starts.entries()) {
    const end = starts[page + 1] ?? rows.rows;
    words.clear();
    const addWord = options.blooms ? words.add : undefined;
    const messages = rows.messages.subarray(rows.messageOffsets[start], rows.messageOffsets[end]);
    packPage(parts, PART.messages, page, messages, rows.messageLengths.subarray(start, end), addWord);
    const attributes = rows.attributes.subarray(rows.attributeOffsets[start], rows.attributeOffsets[end]);
    packPage(parts, PART.attributes, page, attributes, rows.attributeLengths.subarray(start, end), addWord);
    if (options.blooms) blooms.push(buildBloom(words));
  }
  if (options.blooms) parts.push({ part: PART.blooms, page: 0, data: joinBlooms(blooms) });
  const stored = options.bundle ? [{ part: PART.bundle, page: 0, data: bundle(parts) }] : parts;
  return { meta: metaOf(rows, stored), parts: stored };
}

/** The memory of a block's parts, to be given to another thread instead of copied. Each part has its own. */
export function buffersOfBlock({ parts }: EncodedBlock): ArrayBuffer[] {
  return parts.map(({ data }) => data.buffer as ArrayBuffer);
}

export function metaOf(rows: BlockRows, parts: BlockPart[]): Omit<BlockMeta, "id"> {
  let severityMask = 0;
  for (let row = 0; row < rows.rows; row += 1) severityMask |= 1 << (rows.severity[row] as number);
  const [timestampMin, timestampMax] = range(rows.timestampMs);
  const [receivedMin, receivedMax] = range(rows.receivedMs);
  return {
    version: BLOCK_VERSION,
    firstId: rows.firstId,
    lastId: rows.firstId + rows.rows - 1,
    rows: rows.rows,
    timestampMin,
    timestampMax,
    receivedMin,
    receivedMax,
    severityMask,
    services: rows.services,
    bytes: parts.reduce((sum, part) => sum + part.data.length, 0),
    characters: sum(rows.messageLengths) + sum(rows.attributeLengths),
  };
}

function range(values: Float64Array): [number, number] {
  let min = values[0] as number;
  let max = min;
  for (let row = 1; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

function pageStarts(rows: BlockRows): number[] {
  const starts = [0];
  let characters = 0;
  for (let row = 0; row < rows.rows; row += 1) {
    const size = (rows.messageLengths[row] as number) + (rows.attributeLengths[row] as number);
    if (characters > 0 && characters + size > PAGE_CHARACTERS) {
      starts.push(row);
      characters = 0;
    }
    characters += size;
  }
  return starts;
}

/** How many pages there are (uint32), then the column of their first rows. */
function encodePageStarts(starts: number[]): Uint8Array {
  const column = encodeInts(starts);
  const bytes = new Uint8Array(4 + column.length);
  new DataView(bytes.buffer).setUint32(0, starts.length, true);
  bytes.set(column, 4);
  return bytes;
}

export function decodePageStarts(data: Uint8Array): Float64Array {
  const count = new DataView(data.buffer, data.byteOffset, 4).getUint32(0, true);
  return decodeInts(data.subarray(4), count);
}

function sum(values: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i] as number;
  return total;
}

/**
 * Packs the text of a page, and gives `addWord` the hash of each of its words. Keys of attributes are taken along with the
 * values: the filter then lets a little more through, never less.
 */
function packPage(
  parts: BlockPart[],
  part: number,
  page: number,
  utf8: Uint8Array,
  lengths: Uint32Array,
  addWord: ((hash: number) => void) | undefined,
): void {
  if (utf8.length === 0) return;
  parts.push({ part, page, data: packBytes(utf8) });
  if (addWord !== undefined) hashWords(utf8, lengths, part === PART.attributes, addWord);
}

/** Several parts, which are given up, as one: their count, then for each its number, page and length (uint32), then their bytes. */
function bundle(parts: BlockPart[]): Uint8Array {
  const headerBytes = 4 + parts.length * 12;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.data.length, headerBytes));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, parts.length, true);
  let at = headerBytes;
  for (const [index, { part, page, data }] of parts.entries()) {
    view.setUint32(4 + index * 12, part, true);
    view.setUint32(8 + index * 12, page, true);
    view.setUint32(12 + index * 12, data.length, true);
    bytes.set(data, at);
    at += data.length;
    freeBytes(data);
  }
  return bytes;
}

export function unbundle(bytes: Uint8Array): BlockPart[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  const parts: BlockPart[] = [];
  let at = 4 + count * 12;
  for (let index = 0; index < count; index += 1) {
    const length = view.getUint32(12 + index * 12, true);
    parts.push({
      part: view.getUint32(4 + index * 12, true),
      page: view.getUint32(8 + index * 12, true),
      data: bytes.subarray(at, at + length),
    });
    at += length;
  }
  return parts;
}
