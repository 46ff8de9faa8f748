import type { Batch } from "../batch.ts";
import type { SpoolEntry } from "./spool-entry.ts";

/** The oldest batch that waits. Its `from`, `width` and `sentAtMs` are kept by `save`. */
export type SpooledBatch = SpoolEntry & {
  /** Spooled since the spool was opened. */
  isOwn: boolean;
  /** It may be stored, together with records that cannot be read any more: it can neither be sent again nor be taken for lost. */
  isUncertain: boolean;
};

/**
 * Batches that wait on disk, in order, for one process at a time; they outlive every crash. Memory is that of one batch,
 * however many wait. Functions throw `spool_unusable` where the disk fails, `append` also `spool_full` where it is full.
 */
export type Spool = {
  readonly folder: string;
  /** Puts a batch at the end; it is on the disk when this returns, or where `sync` is false with the next one or on closing. */
  append(batch: Batch, sync?: boolean): void;
  /** The first batch, the same object until it is removed. One that cannot be read is left out, and kept among the dead. */
  head(): SpooledBatch | undefined;
  /** Keeps how far the first batch is: for the next process, and where `sync` is set also through a power cut. */
  save(sync?: boolean): void;
  /** Takes the first batch away. */
  remove(): void;
  /** Takes the oldest batches away, a segment of them, but for those beside one under way; says how many records they had. */
  dropOldest(): number;
  /** Bytes on disk. */
  bytes(): number;
  /** Records that wait: those spooled since the spool was opened, and all. */
  waiting(): { own: number; all: number };
  /** How many parts of its files could not be read; they are kept among the dead. */
  damaged(): number;
  /** Files that a newer logctl wrote, which are left as they are. */
  newer(): string[];
  close(): void;
};
