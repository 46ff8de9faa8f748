import type { Histogram } from "./histogram.ts";
import type { DropReason } from "./retention.ts";

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
