import type { RecordBatch } from "../../record-batch.ts";

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

export function sum(values: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i] as number;
  return total;
}

/** The version of a block whose texts are taken apart. */
export const DENSE_VERSION = 2;

export type ReplaceRequest = { replaced: { id: number; firstId: number }[]; block: EncodedBlock };
