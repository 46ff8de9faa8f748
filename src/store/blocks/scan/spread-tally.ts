import type { TallyPlan } from "../../stats-plan.ts";
import type { RecordRange } from "../search/record-range.ts";
import type { FromScanner, ToScanner } from "./scan-messages.ts";
import { interrupted } from "./semaphore.ts";

/** Ranges for each thread: one that is held up takes fewer than the others. */
export const RANGES_A_THREAD = 4;

/** A thread as a tally needs it: asks it something under the tally's id, or tells it to forget. */
export type TallyThread = {
  ask<Type extends FromScanner["type"]>(message: ToScanner): Promise<Extract<FromScanner, { type: Type }>>;
  /** What it was asked is never answered then. */
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
 * Works out a plan on several threads and gives the answer as UTF-8. Each takes the next of its ranges of records when it is
 * done with one, and then of those of others; in the end the first absorbs what the others gathered. Once `signal` is aborted
 * all of them stop at once and it throws `interrupted`; whatever one of them fails with ends the others as well.
 */
export async function spreadTally({ id, plan, threads, takeThread, signal }: SpreadTallyOptions): Promise<Uint8Array> {
  if (signal?.aborted) throw interrupted();
  const first = takeThread();
  const team = [first];
  let done = false;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const leave = () => reject(interrupted());
  signal?.addEventListener("abort", leave);
  try {
    const bytes = await Promise.race([work(first), aborted]);
    done = true;
    return bytes;
  } finally {
    signal?.removeEventListener("abort", leave);
    if (!done) for (const thread of team) thread.cancel();
  }

  async function work(leader: TallyThread): Promise<Uint8Array> {
    const parts = threads * RANGES_A_THREAD;
    const { ranges } = await leader.ask<"listed">({ type: "list", id, filter: plan.filter, parts });
    while (team.length < Math.min(threads, ranges.length)) team.push(takeThread());
    const shares = shareOut(ranges, team.length);
    await Promise.all(team.map((thread, number) => workOff(thread, () => shares[number]?.shift() ?? longestOf(shares).pop())));
    const collect = (thread: TallyThread) => thread.ask<"collected">({ type: "collect", id });
    const others = (await Promise.all(team.slice(1).map(collect))).map(({ bytes }) => bytes);
    return (await leader.ask<"concluded">({ type: "conclude", id, plan, others })).bytes;
  }

  async function workOff(thread: TallyThread, takeRange: () => RecordRange | undefined): Promise<void> {
    for (let range = takeRange(); range !== undefined; range = takeRange()) {
      await thread.ask<"tallied">({ type: "tally", id, plan, range });
    }
  }
}

/** Ranges that lie together for each thread: in the next tally it will have much the same ones, and what it kept of their blocks. */
function shareOut(ranges: readonly RecordRange[], threads: number): RecordRange[][] {
  const bound = (number: number) => Math.round((ranges.length * number) / threads);
  return Array.from({ length: threads }, (_, number) => ranges.slice(bound(number), bound(number + 1)));
}

function longestOf(shares: readonly RecordRange[][]): RecordRange[] {
  return shares.reduce((longest, share) => (share.length > longest.length ? share : longest), []);
}
