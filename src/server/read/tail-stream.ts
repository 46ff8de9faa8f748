import { LogctlError } from "../../errors.ts";
import type { Filter } from "../../query/filter.ts";
import type { Store } from "../../store/store.ts";
import type { PendingStep, ReadTailStep } from "./tail-steps.ts";

export type TailStreamOptions = {
  store: Pick<Store, "newestId" | "onArrival">;
  readStep: ReadTailStep;
  filter: Filter;
  afterId: number;
  /** Ends the stream once aborted. */
  stopping: AbortSignal;
  /** After so long without a record, the reader is told how far the tail has got. */
  heartbeatMs: number;
  /** Throws once the reader may read no more; the stream ends then. */
  check: () => void;
  onFailure: (error: unknown) => void;
  /** Told once the stream is over and all of it was taken, or its reader has left. */
  onEnd: () => void;
};

/** After how long a browser is to come again. */
const RETRY_MS = 1000;
const encoder = new TextEncoder();

/**
 * The matching records after `afterId`, and then those that arrive, as events, until the reader leaves. Nothing is read
 * before it is asked for, and nothing is held for a reader that asks for nothing.
 *
 * An event without data is not given to a reader's program, but its id counts: the first says where the tail starts, and
 * the later ones how far it has looked, so that who comes again neither misses a record nor looks through all once more.
 */
export function streamTail(options: TailStreamOptions): ReadableStream<Uint8Array> {
  const { store, readStep, filter, stopping, heartbeatMs, check, onFailure, onEnd } = options;
  let position = options.afterId;
  let targetId = store.newestId();
  let greeting: string | undefined = `retry: ${RETRY_MS}\nid: ${position}\n\n`;
  let sentAt = performance.now();
  let ended = false;
  let left = false;
  /** The step that was asked for, over a heartbeat too. */
  let pending: PendingStep | undefined;
  let isWaitedFor = false;
  /** Ends what is waited for. */
  let wake = () => {};

  function untilArrival(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      wake = () => {
        wake = () => {};
        clearTimeout(timer);
        leave();
        resolve();
      };
      const timer = setTimeout(() => wake(), timeoutMs);
      const leave = store.onArrival(position, () => wake());
    });
  }

  function drop(): void {
    pending?.leave();
    pending = undefined;
  }

  /** Asks for the next step. Where nobody waits for it once it is there, it is not held: it may be had again. */
  function begin(): PendingStep {
    const step = readStep(filter, position);
    const over = (throughId: number) => {
      if (isWaitedFor || pending !== step) return;
      position = throughId;
      drop();
    };
    step.done.then(
      ({ bytes, throughId }) => over(bytes.length === 0 ? throughId : position),
      () => over(position),
    );
    return step;
  }

  /** Goes on by a step; the events it found. There are none either where it is time for a heartbeat: the step keeps its turn. */
  async function advance(): Promise<Uint8Array> {
    pending ??= begin();
    isWaitedFor = true;
    const stopped = new Promise<undefined>((resolve) => {
      wake = () => resolve(undefined);
    });
    const timer = setTimeout(() => wake(), Math.max(0, sentAt + heartbeatMs - performance.now()));
    try {
      const step = await Promise.race([pending.done, stopped]);
      if (step === undefined) return new Uint8Array();
      position = step.throughId;
      drop();
      return step.bytes;
    } catch (error) {
      drop();
      throw error;
    } finally {
      isWaitedFor = false;
      clearTimeout(timer);
    }
  }

  /** What to send next; undefined where there is nothing more to come. */
  async function next(): Promise<Uint8Array | undefined> {
    if (greeting !== undefined) {
      const text = greeting;
      greeting = undefined;
      return encoder.encode(text);
    }
    while (!ended) {
      check();
      if (position < targetId) {
        const events = await advance();
        if (events.length > 0) return events;
      } else {
        await untilArrival(Math.max(0, sentAt + heartbeatMs - performance.now()));
        targetId = store.newestId();
      }
      const isSilent = performance.now() - sentAt >= heartbeatMs;
      if (isSilent && !ended) return encoder.encode(`: keep-alive\nid: ${position}\n\n`);
    }
    return undefined;
  }

  function end(): void {
    ended = true;
    drop();
    stopping.removeEventListener("abort", end);
    wake();
  }

  stopping.addEventListener("abort", end, { once: true });
  if (stopping.aborted) ended = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const bytes = await next();
          if (bytes !== undefined) {
            sentAt = performance.now();
            return controller.enqueue(bytes);
          }
        } catch (error) {
          // The reader comes again, and then hears of it with a status.
          if (!(error instanceof LogctlError && (error.code === "unauthorized" || error.code === "forbidden"))) onFailure(error);
        }
        end();
        onEnd();
        if (!left) controller.close();
      },
      cancel() {
        left = true;
        end();
        onEnd();
      },
    },
    { highWaterMark: 0 },
  );
}
