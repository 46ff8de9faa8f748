import { LogctlError } from "../errors.ts";
import { interrupted } from "./spread-tally.ts";

/** So many may do something at one time; whoever comes then waits, first come, first served. */
export type Slots = {
  /** What gives the slot back, at once; undefined where none is free. */
  takeFree(): (() => void) | undefined;
  /**
   * Resolves with what gives the slot back, once there is one. Throws `interrupted` where `signal` is aborted before, and
   * `overloaded` where too many wait already.
   */
  take(signal: AbortSignal | undefined): Promise<() => void>;
  taken(): number;
  waiting(): number;
};

const RETRY_AFTER_S = 1;

export function createSlots(count: number, maxWaiting: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  /** Each slot is given back once, however often it is said. */
  function releaseOnce(): () => void {
    let held = true;
    return () => {
      if (held) release();
      held = false;
    };
  }

  function takeFree(): (() => void) | undefined {
    if (free === 0) return undefined;
    free -= 1;
    return releaseOnce();
  }

  return {
    takeFree,
    async take(signal) {
      if (signal?.aborted) throw interrupted();
      const release = takeFree();
      if (release !== undefined) return release;
      if (waiting.length >= maxWaiting) {
        throw new LogctlError("overloaded", "too many searches and counts are waiting; send this again in a moment", {
          retryAfterS: RETRY_AFTER_S,
        });
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const leave = () => {
        const at = waiting.indexOf(resolve);
        // Whoever is not in the line any more has a slot, and gives it back.
        if (at >= 0) waiting.splice(at, 1);
        if (at >= 0) reject(interrupted());
      };
      waiting.push(resolve);
      signal?.addEventListener("abort", leave);
      await promise.finally(() => signal?.removeEventListener("abort", leave));
      return releaseOnce();
    },
    taken: () => count - free,
    waiting: () => waiting.length,
  };
}
