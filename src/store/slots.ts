import { interrupted } from "./spread-tally.ts";

/** So many may do something at one time; whoever comes then waits, first come, first served. */
export type Slots = {
  /** Resolves with what gives the slot back, once there is one. Throws `interrupted` where `signal` is aborted before. */
  take(signal: AbortSignal | undefined): Promise<() => void>;
};

export function createSlots(count: number): Slots {
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

  return {
    async take(signal) {
      if (signal?.aborted) throw interrupted();
      if (free > 0) {
        free -= 1;
        return releaseOnce();
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
  };
}
