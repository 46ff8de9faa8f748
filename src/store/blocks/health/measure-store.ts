import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import type { Histogram } from "../../histogram.ts";
import type { DropReason } from "../../retention.ts";
import { DENSE_VERSION } from "../block/dense-block.ts";
import { freeDiskBytes } from "../file/disk-room.ts";
import { sumReceipts } from "../receipt/receipt-blocks.ts";
import { walBytes } from "../wal/wal.ts";

export const BLOCK_KINDS = ["plain", "dense"] as const;

/** Blocks as they came or were merged first, and those in their final form. */
export type BlockKind = (typeof BLOCK_KINDS)[number];

export type FileMeasures = {
  blocks: Record<BlockKind, number>;
  records: number;
  /** Of idempotency keys, and what they take. */
  receipts: { receipts: number; bytes: number };
  databaseBytes: number;
  walBytes: number;
  diskFreeBytes: number;
};

/** What goes on in a store, in numbers; counters count from its start. */
export type StoreMeasures = FileMeasures & {
  queue: { records: number; bytes: number };
  commitSeconds: Histogram;
  compactions: number;
  dropped: Record<DropReason, number>;
  receiptsDropped: Record<DropReason, number>;
  /** Searches and counts under way, and those that wait for their turn. */
  reading: { pages: number; streams: number; tallies: number; waiting: number };
};

export function measureFiles(database: Database, path: string): FileMeasures {
  const blocks: Record<BlockKind, number> = { plain: 0, dense: 0 };
  let records = 0;
  const groups = database
    .query<{ version: number; blocks: number; records: number }, []>(
      "SELECT version, count(*) AS blocks, sum(rows) AS records FROM block GROUP BY version",
    )
    .all();
  for (const group of groups) {
    blocks[group.version === DENSE_VERSION ? "dense" : "plain"] += group.blocks;
    records += group.records;
  }
  return {
    blocks,
    records,
    receipts: sumReceipts(database),
    databaseBytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    walBytes: walBytes(path),
    diskFreeBytes: freeDiskBytes(path),
  };
}
