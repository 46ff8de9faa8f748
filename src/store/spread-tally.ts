import { LogctlError } from "../errors.ts";
import type { RecordRange, TallyPlan } from "./stats-plan.ts";
import type { FromScanner, ToScanner } from "./worker-messages.ts";

/** Ranges for each thread: one that is held up takes fewer than the others. */
const RANGES_A_THREAD = 4;

/** A thread as a tally needs it: asks it something under the tally's id, or tells it to forget. */
export type TallyThread = {
  ask<Type extends FromScanner["type"]>(message: ToScanner): Promise<Extract<FromScanner, { type: Type }>>;
  cancel(): void;
};

export type SpreadTallyOptions = {
  id: number;
  plan: TallyPlan;
  /** The most threads there may be. */
  threads: number;
  /** Another thread to share the work; called for the first, and then up to `threads` times in all. */
  takeThread: () => TallyThread;
  signal: AbortSignal | undefined;
};

/**
 * Works out a plan on several threads and gives the answer as UTF-8. Each takes the next range of records when it is done
 * with one; in the end the first absorbs what the others gathered. Once `signal` is aborted all of them stop at once and it
 * throws `interrupted`; whatever one of them fails with ends the others as well.
 */
export async function spreadTally({ id, plan, threads, takeThread, signal }: SpreadTallyOptions): Promise<Uint8Array> {
  if (signal?.aborted) throw interrupted();
  const first = takeThread();
  const team = [first];
  let over = false;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const leave = () => reject(interrupted());
  signal?.addEventListener("abort", leave);
  try {
    const bytes = await Promise.race([work(first), aborted]);
    over = true;
    return bytes;
  } finally {
    signal?.removeEventListener("abort", leave);
    if (!over) for (const thread of team) thread.cancel();
    over = true;
  }

  function ask<Type extends FromScanner["type"]>(thread: TallyThread, message: ToScanner) {
    // What was answered just before all were told to forget is not to be followed by more work.
    return over ? Promise.reject(interrupted()) : thread.ask<Type>(message);
  }

  async function work(leader: TallyThread): Promise<Uint8Array> {
    const parts = threads * RANGES_A_THREAD;
    const { ranges } = await ask<"listed">(leader, { type: "list", id, filter: plan.filter, parts });
    while (team.length < Math.min(threads, ranges.length)) team.push(takeThread());
    const waiting = ranges.values();
    await Promise.all(team.map((thread) => workOff(thread, waiting)));
    const collect = (thread: TallyThread) => ask<"collected">(thread, { type: "collect", id });
    const others = (await Promise.all(team.slice(1).map(collect))).map(({ bytes }) => bytes);
    return (await ask<"concluded">(leader, { type: "conclude", id, plan, others })).bytes;
  }

  async function workOff(thread: TallyThread, waiting: Iterator<RecordRange>): Promise<void> {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      await ask<"tallied">(thread, { type: "tally", id, plan, range: next.value });
    }
  }
}

export function interrupted(): LogctlError {
  return new LogctlError("interrupted", "who asked has left");
}
