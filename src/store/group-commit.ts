import { LogctlError } from "../errors.ts";
import { createHistogram, type Histogram, observe } from "./histogram.ts";
import type { Receipt } from "./receipts.ts";
import { createRecordBatchBuilder, type RecordBatchBuilder } from "./record-batch.ts";
import type { Writer } from "./writer.ts";

/** What may wait for the disk before new records are refused: text, and a little more a record. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** What a record takes beside its text, so that very many very small ones count too. */
const BYTES_A_RECORD = 64;
const RETRY_AFTER_S = 1;
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A disk that takes longer for one commit hangs: whoever asks for health is told. */
const HANGS_AFTER_MS = 10_000;

export type GroupCommit = {
  /**
   * Runs `fill` on the batch being gathered, and resolves with what it answers once its records are on disk. What
   * arrives while a commit is under way goes into the next one. Throws `overloaded` where too much waits already.
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

export function createGroupCommit(
  writer: Pick<Writer, "append">,
  now: () => number,
  onCommit: (rows: number, lastId: number) => void,
  elapsed: () => number = () => performance.now(),
): GroupCommit {
  const builder = createRecordBatchBuilder();
  let receipts: Receipt[] = [];
  let waiters: Waiter[] = [];
  let committing: Promise<void> | undefined;
  let committingBytes = 0;
  let committingRecords = 0;
  let startedAt = 0;
  const seconds = createHistogram(COMMIT_SECONDS);
  let failure: LogctlError | undefined;

  function gatheredBytes(): number {
    return builder.bytes() + builder.rows() * BYTES_A_RECORD;
  }

  async function commitGathered(): Promise<void> {
    const group = waiters;
    committingBytes = gatheredBytes();
    committingRecords = builder.rows();
    startedAt = elapsed();
    const request = { batch: builder.seal(), receipts, receivedAtMs: now() };
    waiters = [];
    receipts = [];
    let firstId: number;
    try {
      firstId = await writer.append(request);
    } catch (error) {
      failure = error as LogctlError;
      for (const { reject } of group) reject(failure);
      return;
    }
    failure = undefined;
    observe(seconds, (elapsed() - startedAt) / 1000);
    for (const { resolve } of group) resolve();
    onCommit(request.batch.rows, firstId + request.batch.rows - 1);
  }

  async function commitAll(): Promise<void> {
    // Awaited even where it failed at once, so that `committing` is set before it is taken back.
    while (waiters.length > 0) await commitGathered();
    committing = undefined;
    committingBytes = 0;
    committingRecords = 0;
  }

  function hanging(): LogctlError | undefined {
    const ms = elapsed() - startedAt;
    if (committing === undefined || ms < HANGS_AFTER_MS) return undefined;
    return new LogctlError("store_unavailable", "the disk has not answered for ten seconds or more: records wait to be written");
  }

  return {
    async append(fill) {
      if (committing !== undefined && gatheredBytes() + committingBytes > MAX_WAITING_BYTES) {
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
      if (result.receipt !== undefined) receipts.push(result.receipt);
      const written = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
      committing ??= commitAll();
      await written;
      return result;
    },
    failure: () => failure ?? hanging(),
    restored() {
      failure = undefined;
    },
    queue: () => ({ records: builder.rows() + committingRecords, bytes: gatheredBytes() + committingBytes }),
    seconds,
    flush: async () => {
      await committing;
    },
  };
}
