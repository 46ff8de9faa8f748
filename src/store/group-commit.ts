import { LogctlError } from "../errors.ts";
import type { Receipt } from "./receipts.ts";
import { createRecordBatchBuilder, type RecordBatchBuilder } from "./record-batch.ts";
import type { Writer } from "./writer.ts";

/** Text that may wait for the disk, in UTF-16 units, before new records are refused. */
const MAX_WAITING_CHARACTERS = 128 * 1024 * 1024;
const RETRY_AFTER_S = 1;

export type GroupCommit = {
  /**
   * Runs `fill` on the batch being gathered, and resolves with what it answers once its records are on disk. What
   * arrives while a commit is under way goes into the next one. Throws `overloaded` where too much waits already.
   */
  append<Result extends { receipt?: Receipt }>(fill: (batch: RecordBatchBuilder) => Result): Promise<Result>;
  /** The last commit's failure; undefined while writing works. */
  failure(): LogctlError | undefined;
  /** Resolves once nothing waits any more. */
  flush(): Promise<void>;
};

type Waiter = { resolve: () => void; reject: (error: LogctlError) => void };

export function createGroupCommit(
  writer: Pick<Writer, "append">,
  now: () => number,
  onCommit: (rows: number) => void,
): GroupCommit {
  const builder = createRecordBatchBuilder();
  let receipts: Receipt[] = [];
  let waiters: Waiter[] = [];
  let committing: Promise<void> | undefined;
  let committingCharacters = 0;
  let failure: LogctlError | undefined;

  async function commitAll(): Promise<void> {
    while (waiters.length > 0) {
      const group = waiters;
      const request = { batch: builder.seal(), receipts, receivedAtMs: now() };
      committingCharacters = request.batch.messages.length + request.batch.attributes.length;
      waiters = [];
      receipts = [];
      try {
        await writer.append(request);
        failure = undefined;
        onCommit(request.batch.rows);
        for (const { resolve } of group) resolve();
      } catch (error) {
        failure = error as LogctlError;
        for (const { reject } of group) reject(failure);
      }
    }
    committing = undefined;
  }

  return {
    async append(fill) {
      if (builder.characters() + committingCharacters > MAX_WAITING_CHARACTERS && committing !== undefined) {
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
    failure: () => failure,
    flush: async () => {
      await committing;
    },
  };
}
