import type { IngestAnswer } from "../schema/api.ts";
import { encodeLine, type RecordDefaults } from "./encode-line.ts";
import { createLineQueue, type LineQueueOptions } from "./line-queue.ts";
import type { Outbox } from "./outbox.ts";
import { readLines } from "./read-lines.ts";
import { untilAborted } from "./until-aborted.ts";

export type SendLinesOptions = {
  chunks: AsyncIterable<Uint8Array>;
  /** Of the lines that are read now. */
  defaults: () => RecordDefaults;
  outbox: Pick<Outbox, "take" | "keep">;
  /** Told of each answer, with the line each record came from (counted from 1). */
  onAnswer: (answer: IngestAnswer, lineNumbers: readonly number[]) => void;
  /** Once aborted, nothing more is read. */
  signal: AbortSignal;
  queue?: LineQueueOptions;
};

export type SendLinesProgress = {
  /** How many records were read but are neither answered for nor kept; right at any time, also after a failure. */
  unconfirmed(): number;
  /** Resolves when no more comes and the outbox has taken everything, or takes no more; fails as it or the input does. */
  done: Promise<void>;
};

/** Sends a stream line by line as it comes, in order. */
export function sendLines({ chunks, defaults, outbox, onAnswer, signal, queue: limits }: SendLinesOptions): SendLinesProgress {
  const queue = createLineQueue(limits);
  const senderEnded = new AbortController();
  let inFlight = 0;

  async function read(): Promise<void> {
    let lineNumber = 0;
    try {
      for await (const lines of readLines(untilAborted(chunks, AbortSignal.any([signal, senderEnded.signal])))) {
        const filling = defaults();
        for (const line of lines) {
          lineNumber += 1;
          const record = encodeLine(line, filling);
          if (record === undefined) continue;
          if (!queue.hasRoom()) await queue.room();
          queue.push(record, lineNumber);
        }
      }
    } finally {
      queue.close();
    }
  }

  async function send(): Promise<void> {
    try {
      for (let batch = await queue.next(); batch !== undefined; batch = await queue.next()) {
        const { records, lineNumbers } = batch;
        inFlight = records.length;
        const became = await outbox.take(records, ({ answer, first, count }) => {
          inFlight -= count;
          onAnswer(answer, lineNumbers.slice(first, first + count));
        });
        inFlight = 0;
        if (became === "end") return;
      }
    } finally {
      senderEnded.abort();
      queue.close();
    }
  }

  /** What was read, and now goes to nobody. */
  async function keepRest(): Promise<void> {
    while (queue.waiting() > 0) {
      const batch = await queue.next();
      if (batch === undefined || outbox.keep(batch.records)) continue;
      inFlight += batch.records.length;
    }
  }

  async function run(): Promise<void> {
    // What was read is sent even if reading on fails; a failure to send is the one to tell.
    const reading = settle(read());
    const sendFailure = await settle(send());
    const readFailure = await reading;
    await keepRest();
    const failure = sendFailure ?? readFailure;
    if (failure !== undefined) throw failure.error;
  }

  return { unconfirmed: () => inFlight + queue.waiting(), done: run() };
}

/** How a promise failed, if it did. */
function settle(promise: Promise<void>): Promise<{ error: unknown } | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
}
