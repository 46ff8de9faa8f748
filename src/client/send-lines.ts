import type { IngestAnswer } from "../schema/api.ts";
import type { DeliveredPart } from "./delivery.ts";
import { encodeLine, type RecordDefaults } from "./encode-line.ts";
import { createLineQueue, type LineQueueOptions } from "./line-queue.ts";
import { readLines } from "./read-lines.ts";
import { untilAborted } from "./until-aborted.ts";

export type SendLinesOptions = {
  chunks: AsyncIterable<Uint8Array>;
  defaults: RecordDefaults;
  deliver: (records: readonly string[], onPart: (part: DeliveredPart) => void) => Promise<void>;
  /** Told of each answer, with the line each record came from (counted from 1). */
  onAnswer: (answer: IngestAnswer, lineNumbers: readonly number[]) => void;
  /** Once aborted, nothing more is read; the batch under way is finished, what waits is left. */
  signal: AbortSignal;
  queue?: LineQueueOptions;
};

export type SendLinesProgress = {
  /** How many records were read but never answered for; right at any time, also after a failure. */
  unconfirmed(): number;
  /** Resolves when the input has ended and everything is answered, or the signal was aborted; fails as `deliver` or the input does. */
  done: Promise<void>;
};

/** Sends a stream line by line as it comes, in order, one request at a time. */
export function sendLines({ chunks, defaults, deliver, onAnswer, signal, queue: limits }: SendLinesOptions): SendLinesProgress {
  const queue = createLineQueue(limits);
  const senderEnded = new AbortController();
  let inFlight = 0;

  async function read(): Promise<void> {
    let lineNumber = 0;
    try {
      for await (const lines of readLines(untilAborted(chunks, AbortSignal.any([signal, senderEnded.signal])))) {
        for (const line of lines) {
          lineNumber += 1;
          const record = encodeLine(line, defaults);
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
        if (signal.aborted) return;
        await deliver(records, ({ answer, first, count }) => {
          inFlight -= count;
          onAnswer(answer, lineNumbers.slice(first, first + count));
        });
      }
    } finally {
      senderEnded.abort();
      queue.close();
    }
  }

  async function run(): Promise<void> {
    // What was read is sent even if reading on fails; a failure to send is the one to tell.
    const reading = read().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    await send();
    const failure = await reading;
    if (failure !== undefined) throw failure.error;
  }

  return { unconfirmed: () => inFlight + queue.waiting(), done: run() };
}
