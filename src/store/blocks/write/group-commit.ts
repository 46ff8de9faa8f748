import { LogctlError } from "../../../errors.ts";
import { createHistogram, type Histogram, observe } from "../../histogram.ts";
import { createRecordBatchBuilder, type RecordBatchBuilder } from "../../record-batch.ts";
import type { Store } from "../../store.ts";
import { type DigestedReceipt, digestReceipt } from "../receipt/receipts.ts";
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
/** Of what is gathered in steps, the writer is given so much at a time: some 20 ms of its work. */
const PART_BYTES = 2 * 1024 * 1024;
/** What an append in steps takes in memory at least. */
const LEAST_BYTES_IN_STEPS = 1024 * 1024;
const RETRY_AFTER_S = 1;
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A disk that takes longer for one commit hangs: whoever asks for health is told. */
const HANGS_AFTER_MS = 10_000;

/** Appends that wait for the disk together. What arrives while a commit is under way goes into the next one. */
export type GroupCommit = Pick<Store, "append" | "appendInSteps"> & {
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
  writer: Pick<Writer, "append" | "openRun">,
  now: () => number,
  onCommit: (rows: number, lastId: number, receipts: readonly DigestedReceipt[]) => void,
  elapsed: () => number = () => performance.now(),
): GroupCommit {
  const builder = createRecordBatchBuilder();
  /** What was made for an append in steps, for the next one. */
  let spare: RecordBatchBuilder | undefined;
  /** What those come to whose next part waits for the writer. They wait apart, so that they keep no small ones out. */
  let partBytes = 0;
  let receipts: DigestedReceipt[] = [];
  let waiters: Waiter[] = [];
  /** The oldest first: the writer ends them in this order. */
  const underWay: Commit[] = [];
  const flushing: (() => void)[] = [];
  const seconds = createHistogram(COMMIT_SECONDS);
  let failure: LogctlError | undefined;

  function gatheredBytes(): number {
    return weigh(builder);
  }

  /** All that waits, that which is being written included. */
  function waitingBytes(): number {
    let bytes = gatheredBytes();
    for (const commit of underWay) bytes += commit.bytes;
    return bytes;
  }

  /** Keeps the books of a commit, which answers with the id of its first record. */
  async function follow(
    records: number,
    bytes: number,
    receiptsOfCommit: readonly DigestedReceipt[],
    work: () => Promise<number>,
  ): Promise<void> {
    const commit: Commit = { records, bytes, startedAtMs: elapsed() };
    underWay.push(commit);
    try {
      const firstId = await work();
      failure = undefined;
      observe(seconds, (elapsed() - commit.startedAtMs) / 1000);
      onCommit(records, firstId + records - 1, receiptsOfCommit);
    } catch (error) {
      failure = error as LogctlError;
      throw error;
    } finally {
      underWay.shift();
      if (underWay[0] !== undefined) underWay[0].startedAtMs = elapsed();
      commitWhatIsDue();
    }
  }

  async function commitGathered(): Promise<void> {
    const [group, receiptsOfGroup] = [waiters, receipts];
    waiters = [];
    receipts = [];
    const work = () => writer.append({ batch: builder.seal(), receipts: receiptsOfGroup, receivedAtMs: now() });
    try {
      await follow(builder.rows(), gatheredBytes(), receiptsOfGroup, work);
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error as LogctlError);
    }
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

  function refuseCrowd(bytes: number): void {
    if (bytes <= MAX_WAITING_BYTES) return;
    throw new LogctlError("overloaded", "too many records wait to be written; send this again in a moment", {
      retryAfterS: RETRY_AFTER_S,
    });
  }

  return {
    async append(fill) {
      if (underWay.length > 0) refuseCrowd(waitingBytes());
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
    async appendInSteps(bytes, steps, pause) {
      refuseCrowd(waitingBytes() + partBytes);
      const weight = Math.max(bytes, LEAST_BYTES_IN_STEPS);
      const batch = spare ?? createRecordBatchBuilder();
      spare = undefined;
      const run = writer.openRun(now());
      let records = 0;
      try {
        const work = steps(batch, () => {
          run.forget();
          records = 0;
        });
        for (;;) {
          const step = work.next();
          if (batch.rows() > 0 && (step.done === true || weigh(batch) >= PART_BYTES)) {
            records += batch.rows();
            // Of those that wait already, more may have come since this began.
            if (partBytes > 0) refuseCrowd(partBytes + weight);
            partBytes += weight;
            await run.encode(batch.seal()).finally(() => {
              partBytes -= weight;
            });
          }
          if (step.done !== true) {
            await pause();
            continue;
          }
          const { receipt } = step.value;
          const receiptsOfRun = receipt === undefined ? [] : [digestReceipt(receipt)];
          if (records > 0) await follow(records, 0, receiptsOfRun, () => run.commit(receiptsOfRun));
          return step.value;
        }
      } finally {
        run.forget();
        batch.truncate(0);
        spare = batch;
      }
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

/** What a batch takes in memory. */
function weigh(batch: RecordBatchBuilder): number {
  return batch.bytes() + batch.rows() * BYTES_A_RECORD;
}
