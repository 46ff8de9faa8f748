import { LogctlError } from "../../../errors.ts";
import type { TokenUse } from "../../../schema/token.ts";
import type { ClockMark } from "../../../steady-clock.ts";
import type { RecordBatch } from "../../record-batch.ts";
import type { KeepOptions } from "../../store.ts";
import { buffersOfBlock, type ReplaceRequest } from "../block/block.ts";
import { describeMissing } from "../health/missing-records.ts";
import type { DroppedReceipts } from "../receipt/receipt-keeper.ts";
import type { DigestedReceipt } from "../receipt/receipts.ts";
import type { FailureMessage } from "../thread/messages.ts";
import { startWorker, type WorkerThread } from "../thread/worker-thread.ts";
import type { AppendRequest } from "./append.ts";
import { type BatchLayout, type BatchSender, createBatchSender } from "./shared-batch.ts";
import type { AppendText, EncodeText, FromWriter, ToWriter } from "./writer-messages.ts";

/** The writer thread, as the main thread sees it. Each promise resolves when what was asked for is on disk. */
export type Writer = {
  /** Of these no more than `APPENDS_AT_A_TIME` may wait for their answers, which come in their order. */
  append(request: AppendRequest): Promise<number>;
  /** For records of one append that are handed over part by part. */
  openRun(receivedAtMs: number): WriterRun;
  replace(request: ReplaceRequest): Promise<boolean>;
  /** Has it look, without waiting for it, whether there is something to drop at this time, which it marks. */
  retain(mark: ClockMark): void;
  /** Has it note, without waiting for it, that a token was used. */
  noteUse(use: TokenUse): void;
  /** Why the thread answers no more; undefined while it does. */
  stopped(): LogctlError | undefined;
  close(): Promise<void>;
};

/** Records that the thread makes into blocks part by part, between the commits of others, and that are committed together. */
export type WriterRun = {
  /** The next part. What of the batch is in memory is good until it resolves. */
  encode(batch: RecordBatch): Promise<void>;
  /** Commits all of it; answers with the id of the first record. */
  commit(receipts: DigestedReceipt[]): Promise<number>;
  /** Forgets what was encoded so far. */
  forget(): void;
};

/** The one that the thread is at, and the one it goes on with. Each has shared memory of its own. */
export const APPENDS_AT_A_TIME = 2;

export type WriterOptions = {
  path: string;
  /** What of the disk is kept free, in bytes. */
  minFreeBytes: number;
  keep?: KeepOptions | undefined;
  /** Told of what goes wrong while nobody waits for it. */
  onTrouble: (error: Error) => void;
  /** Told when what made a write fail is over. */
  onRestored: () => void;
  /** Told when receipts were merged, or some of them dropped. */
  onReceipts: (dropped?: DroppedReceipts) => void;
  startThread?: () => WriterThread;
};

export type WriterThread = WorkerThread<ToWriter, FromWriter>;

type Waiting = { resolve: (value: never) => void; reject: (error: LogctlError) => void };

/** Starts the thread that writes; throws `database_unusable` where it cannot open the database. */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  const { path, minFreeBytes, keep, onTrouble, onRestored, onReceipts, startThread = startWriterThread } = options;
  const thread = startThread();
  const batches = createBatchSender(APPENDS_AT_A_TIME);
  const parts = createBatchSender(1, APPENDS_AT_A_TIME);
  // Parts share one memory: the next one waits for the last.
  let lastPart: Promise<unknown> = Promise.resolve();
  let lastRun = 0;
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let dead: LogctlError | undefined;

  function settle(id: number, how: (entry: Waiting) => void): void {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (entry !== undefined) how(entry);
  }

  function ask<Answer>(message: (id: number) => ToWriter, transfer: ArrayBuffer[] = []): Promise<Answer> {
    const id = nextId;
    nextId += 1;
    return new Promise((resolve, reject) => {
      // Nobody would ever answer.
      if (dead !== undefined) return reject(dead);
      waiting.set(id, { resolve, reject });
      thread.post(message(id), transfer);
    });
  }

  /** Puts the batch where the thread finds it. */
  function share(sender: BatchSender, batch: RecordBatch): BatchLayout {
    const { layout, memory } = sender.share(batch);
    if (memory !== undefined && dead === undefined) thread.post({ type: "memory", slot: layout.slot, memory });
    return layout;
  }

  // Opening and closing have no id of their own: they wait under 0, where a failure to open arrives too.
  function askAlone(message: ToWriter): Promise<void> {
    return new Promise((resolve, reject) => {
      if (dead !== undefined) return reject(dead);
      waiting.set(0, { resolve, reject });
      thread.post(message);
    });
  }

  thread.onMessage((message) => {
    if (message.type === "failed") {
      settle(message.id, ({ reject }) => reject(errorOf(message)));
    } else if (message.type === "troubled") {
      onTrouble(new Error(`tidying the database failed: ${message.message}`));
    } else if (message.type === "restored") {
      onRestored();
    } else if (message.type === "missing") {
      onTrouble(new Error(describeMissing(message)));
    } else if (message.type === "dropped") {
      keep?.onDropped(message.dropped);
    } else if (message.type === "receipts_dropped") {
      onReceipts(message.dropped);
    } else if (message.type === "receipts_merged") {
      onReceipts();
    } else if (message.type === "appended") {
      settle(message.id, ({ resolve }) => resolve(message.firstId as never));
    } else if (message.type === "encoded") {
      settle(message.id, ({ resolve }) => resolve(undefined as never));
    } else if (message.type === "replaced") {
      settle(message.id, ({ resolve }) => resolve(message.done as never));
    } else {
      settle(0, ({ resolve }) => resolve(undefined as never));
    }
  });
  thread.onFailure((error) => {
    dead = error;
    for (const id of [...waiting.keys()]) settle(id, ({ reject }) => reject(error));
  });

  try {
    await askAlone({ type: "open", path, retention: keep?.retention, minFreeBytes });
  } catch (error) {
    thread.stop();
    throw error;
  }
  return {
    append({ batch, receipts, receivedAtMs }) {
      const layout = share(batches, batch);
      const request: AppendText = { layout, receipts, receivedAtMs };
      return ask((id) => ({ type: "append", id, request: JSON.stringify(request) }));
    },
    openRun(receivedAtMs) {
      lastRun += 1;
      const run = lastRun;
      let slot = 0;
      return {
        encode(batch) {
          const encoded = lastPart.then(() => {
            const request: EncodeText = { run, layout: share(parts, batch), receivedAtMs };
            slot = request.layout.slot;
            return ask<void>((id) => ({ type: "encode", id, request: JSON.stringify(request) }));
          });
          lastPart = encoded.catch(() => {});
          return encoded;
        },
        commit(receipts) {
          const layout = { slot, rows: 0, services: [], messageBytes: 0, attributeBytes: 0 };
          const request: AppendText = { run, layout, receipts, receivedAtMs };
          return ask((id) => ({ type: "append", id, request: JSON.stringify(request) }));
        },
        forget: () => {
          if (dead === undefined) thread.post({ type: "forget", run });
        },
      };
    },
    replace: (request) => ask((id) => ({ ...request, type: "replace", id }), buffersOfBlock(request.block)),
    retain: (mark) => {
      if (dead === undefined) thread.post({ type: "retain", mark });
    },
    noteUse: (use) => {
      if (dead === undefined) thread.post({ type: "note_use", use });
    },
    stopped: () => dead,
    async close() {
      const closed = askAlone({ type: "close" });
      // What comes from now on would arrive behind the last message that is read.
      dead ??= new LogctlError("store_unavailable", "the store is closed");
      try {
        await closed;
      } finally {
        thread.stop();
      }
    },
  };
}

function startWriterThread(): WriterThread {
  return startWorker(new URL("./writer-worker.ts", import.meta.url));
}

/** Until then the disk may work again. */
const RETRY_AFTER_S = 5;

function errorOf({ id, message, code, retryAfterS }: FailureMessage): LogctlError {
  if (code !== undefined) return new LogctlError(code, message, retryAfterS === undefined ? {} : { retryAfterS });
  if (id === 0) return new LogctlError("database_unusable", message);
  return new LogctlError("store_unavailable", `the store cannot write: ${message}`, { retryAfterS: RETRY_AFTER_S });
}
