import { freeBytes } from "../../../memory/free-bytes.ts";
import { packBytes } from "../bytes/pack-bytes.ts";
import { decodeInts, encodeInts } from "../column/int-column.ts";
import { buildBloom, createHashSet, joinBlooms } from "../index/bloom.ts";
import { hashWords } from "../index/words.ts";
import { type BlockPart, type BlockRows, type EncodedBlock, metaOf } from "./block.ts";

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
