import { LogctlError } from "../errors.ts";
import { createHistogram, type Histogram, observe } from "./histogram.ts";
import { type DigestedReceipt, digestReceipt, type Receipt } from "./receipts.ts";
import { createRecordBatchBuilder, type RecordBatchBuilder } from "./record-batch.ts";
import { APPENDS_AT_A_TIME, type Writer } from "./writer.ts";

/** What may wait for the disk before new records are refused: text, and a little more a record. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** What a record takes beside its text, so that very many very small ones count too. */
const BYTES_A_RECORD = 64;
/**
 * What is worth a commit of its own while another is under way: the writer then has its next work when it ends one, and need
 * not wait until this thread, which may be decoding, hears of it. Of less many a commit would cost more than they are.
 */
const WAITING_BYTES_A_COMMIT = 512 * 1024;
const RETRY_AFTER_S = 1;
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A disk that takes longer for one commit hangs: whoever asks for health is told. */
const HANGS_AFTER_MS = 10_000;

export type GroupCommit = {
  /**
   * Runs `fill` on the batch being gathered, and resolves with what it answers once its records are on disk. What
   * arrives while a commit is under way goes into the next one, which begins behind it once that is worth it. Throws
   * `overloaded` where too much waits already.
   */
  append<Result extends { receipt?: Receipt }>(fill: (batch: RecordBatchBuilder) => Result): Promise<Result>;
  /** The last commit's failure, or that it does not end; undefined while writing works. */
  failure(): LogctlError | undefined;
  /** Told that what made it fail is over. */
  restored(): void;
  /** What waits for the disk, that which is being written included. */
  queue(): { records: number; bytes: number };
  /** How long commits took, of those that succeeded. */
  seconds: Histogram;
  /** Resolves once nothing waits any more. */
  flush(): Promise<void>;
};

type Waiter = { resolve: () => void; reject: (error: LogctlError) => void };

/** What is committed together; `startedAtMs` is when the writer had no other one before it any more. */
type Commit = { records: number; bytes: number; startedAtMs: number };

export function createGroupCommit(
  writer: Pick<Writer, "append">,
  now: () => number,
  onCommit: (rows: number, lastId: number, receipts: readonly DigestedReceipt[]) => void,
  elapsed: () => number = () => performance.now(),
): GroupCommit {
  const builder = createRecordBatchBuilder();
  let receipts: DigestedReceipt[] = [];
  let waiters: Waiter[] = [];
  /** The oldest first: the writer ends them in this order. */
  const underWay: Commit[] = [];
  const flushing: (() => void)[] = [];
  const seconds = createHistogram(COMMIT_SECONDS);
  let failure: LogctlError | undefined;

  function gatheredBytes(): number {
    return builder.bytes() + builder.rows() * BYTES_A_RECORD;
  }

  /** All that waits, that which is being written included. */
  function waitingBytes(): number {
    let bytes = gatheredBytes();
    for (const commit of underWay) bytes += commit.bytes;
    return bytes;
  }

  async function commitGathered(): Promise<void> {
    const [group, receiptsOfGroup] = [waiters, receipts];
    const commit: Commit = { records: builder.rows(), bytes: gatheredBytes(), startedAtMs: elapsed() };
    underWay.push(commit);
    waiters = [];
    receipts = [];
    try {
      const firstId = await writer.append({ batch: builder.seal(), receipts: receiptsOfGroup, receivedAtMs: now() });
      failure = undefined;
      observe(seconds, (elapsed() - commit.startedAtMs) / 1000);
      for (const { resolve } of group) resolve();
      onCommit(commit.records, firstId + commit.records - 1, receiptsOfGroup);
    } catch (error) {
      failure = error as LogctlError;
      for (const { reject } of group) reject(failure);
    }
    underWay.shift();
    if (underWay[0] !== undefined) underWay[0].startedAtMs = elapsed();
    commitWhatIsDue();
  }

  function commitWhatIsDue(): void {
    if (waiters.length === 0) {
      if (underWay.length === 0) for (const resolve of flushing.splice(0)) resolve();
    } else if (underWay.length === 0 || (underWay.length < APPENDS_AT_A_TIME && gatheredBytes() >= WAITING_BYTES_A_COMMIT)) {
      void commitGathered();
    }
  }

  function hanging(): LogctlError | undefined {
    const [oldest] = underWay;
    if (oldest === undefined || elapsed() - oldest.startedAtMs < HANGS_AFTER_MS) return undefined;
    return new LogctlError("store_unavailable", "the disk has not answered for ten seconds or more: records wait to be written");
  }

  return {
    async append(fill) {
      if (underWay.length > 0 && waitingBytes() > MAX_WAITING_BYTES) {
        throw new LogctlError("overloaded", "too many records wait to be written; send this again in a moment", {
          retryAfterS: RETRY_AFTER_S,
        });
      }
      const before = builder.rows();
      let result: ReturnType<typeof fill>;
      try {
        result = fill(builder);
      } catch (error) {
        builder.truncate(before);
        throw error;
      }
      if (builder.rows() === before) return result;
      if (result.receipt !== undefined) receipts.push(digestReceipt(result.receipt));
      const written = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
      commitWhatIsDue();
      await written;
      return result;
    },
    failure: () => failure ?? hanging(),
    restored() {
      failure = undefined;
    },
    queue: () => ({ records: underWay.reduce((sum, { records }) => sum + records, builder.rows()), bytes: waitingBytes() }),
    seconds,
    async flush() {
      if (underWay.length > 0) await new Promise<void>((resolve) => flushing.push(resolve));
    },
  };
}
