import type { LogctlError } from "../errors.ts";
import type { LogEvents } from "../log-event.ts";
import type { Filter } from "../query/filter.ts";
import type { StoredToken, TokenUse } from "../schema/token.ts";
import type { DamagedBlock, NoteDamage } from "./damage.ts";
import type { StoreMeasures } from "./measures.ts";
import type { Receipt } from "./receipt.ts";
import type { RecordBatchBuilder } from "./record-batch.ts";
import type { Dropped, Retention } from "./retention.ts";
import type { SearchPiece, SearchPlan } from "./search-plan.ts";
import type { TallyPlan } from "./stats-plan.ts";

/** What the rest of logctl knows of storage. */
export type Store = {
  /**
   * Runs `fill` on the batch being gathered, and resolves with what it answers once its records are on disk, and findable.
   * Throws `overloaded` where too much waits already.
   */
  append<Result extends { receipt?: Receipt }>(fill: (batch: RecordBatchBuilder) => Result): Promise<Result>;
  /**
   * The same of what is more than one stretch of work: `steps` is gone on with after each `pause`, and other appends are
   * committed meanwhile. It is given a batch of its own, and what is to be called where it takes back all that it appended. Its
   * records, of some `bytes`, are committed together, behind what was committed until then, and were received when it began.
   */
  appendInSteps<Result extends { receipt?: Receipt }>(
    bytes: number,
    steps: (batch: RecordBatchBuilder, takeBack: () => void) => Generator<undefined, Result>,
    pause: () => Promise<void> | undefined,
  ): Promise<Result>;
  /**
   * Gets ready to read, before anybody asks. What is needed later must be there before somebody else may take the last
   * descriptor: Bun ends the process where a thread cannot be started for want of one.
   */
  warm(): Promise<void>;
  /**
   * The records that the plan asks for, in pieces, made no faster than they are taken. `return` ends the search at once, also
   * while a piece is waited for. `note` is told of damage before the piece that lacks something because of it.
   */
  search(plan: SearchPlan, note?: NoteDamage): AsyncGenerator<SearchPiece>;
  /** How many records match. Throws `interrupted` as soon as `signal` is aborted. */
  count(filter: Filter, signal?: AbortSignal): Promise<number>;
  /** What the plan asks for, of the records there were when it started, as UTF-8. Throws as `count` does, and `too_many_groups`. */
  tally(plan: TallyPlan, signal?: AbortSignal, note?: NoteDamage): Promise<Uint8Array>;
  /** The id of the newest record on disk; 0 where there is none. */
  newestId(): number;
  /**
   * Calls `listener` when there is more on disk than up to `afterId`: at once after a quiet time, else together with all
   * who listen, once for all that came in a short while. The function that it gives back ends that.
   */
  onArrival(afterId: number, listener: () => void): () => void;
  /** The receipt of an idempotency key that was committed. */
  receipt(scope: number, key: string): Omit<Receipt, "scope" | "key"> | undefined;
  /** Every token ever made. */
  tokens(): StoredToken[];
  /** Notes that a token was used, in the background. */
  noteUse(use: TokenUse): void;
  /** The damaged blocks that were met so far, whose records are left out of answers. */
  damaged(): DamagedBlock[];
  /** Why nothing can be written, or read, at the moment; empty while all is well. */
  troubles(): LogctlError[];
  /** Throws what is known already to make an append fail, so that its body need not be read. */
  requireWritable(): void;
  /** What goes on inside, in numbers. */
  measure(): StoreMeasures;
  /** Finishes what was accepted and leaves one file behind. */
  close(): Promise<void>;
};

export type StoreOptions = {
  path: string;
  /** This process, for others to be told who has the database. */
  pid: number;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Told of what went wrong in the background. */
  onFailure: (error: Error) => void;
  /** Told of what is worth a line in the log. */
  onEvent?: LogEvents;
  /** What of the disk is kept free, in bytes; by default 64 MiB, or a sixteenth of a small disk. */
  minFreeBytes?: number;
  /** What is kept; by default all is. It is looked after when the store is opened, every minute, and while much is written. */
  keep?: KeepOptions;
  /** How soon a clock that has jumped ahead is believed when it says what is too old; by default after an hour. */
  clockBelievedAfterMs?: number;
};

/** What is kept, and who is told of what is not; without it all is. */
export type KeepOptions = { retention: Retention; onDropped: (dropped: Dropped) => void };
