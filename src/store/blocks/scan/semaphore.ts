import { LogctlError } from "../../../errors.ts";

/**
 * So many may do something at one time, and so many wait for it. Of both a holder has half at most of what the others leave, so
 * that one who comes finds a slot, or a place to wait, whatever a single other one asks for. Who holds least is next; those who
 * hold as much as each other take turns, however long one of them has waited with how many.
 */
export type Slots = {
  /** What gives the slot back, at once; undefined where none is free for this holder. */
  takeFree(holder: number): (() => void) | undefined;
  /**
   * Resolves with what gives the slot back, once there is one. Throws `interrupted` where `signal` is aborted before, and
   * `overloaded` where too many wait already.
   */
  take(holder: number, signal: AbortSignal | undefined): Promise<() => void>;
  taken(): number;
  waiting(): number;
};

type Waiting = { holder: number; give: () => void };

const RETRY_AFTER_S = 1;

export function createSlots(count: number, maxWaiting: number): Slots {
  const held = createShares(count);
  const places = createShares(maxWaiting);
  // In the order in which they came, those of a holder behind the others once it has had its turn.
  let waiting: Waiting[] = [];

  function giveOut(): void {
    for (;;) {
      let next: Waiting | undefined;
      for (const entry of waiting) {
        if (held.mayTake(entry.holder) && (next === undefined || held.of(entry.holder) < held.of(next.holder))) next = entry;
      }
      if (next === undefined) return;
      leaveLine(next);
      goBehind(next.holder);
      held.add(next.holder, 1);
      next.give();
    }
  }

  function goBehind(holder: number): void {
    const others = waiting.filter((entry) => entry.holder !== holder);
    waiting = [...others, ...waiting.filter((entry) => entry.holder === holder)];
  }

  function leaveLine(entry: Waiting): void {
    waiting.splice(waiting.indexOf(entry), 1);
    places.add(entry.holder, -1);
  }

  /** Each slot is given back once, however often it is said. */
  function releaseOnce(holder: number): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      held.add(holder, -1);
      giveOut();
    };
  }

  function takeFree(holder: number): (() => void) | undefined {
    if (!held.mayTake(holder)) return undefined;
    held.add(holder, 1);
    return releaseOnce(holder);
  }

  return {
    takeFree,
    async take(holder, signal) {
      if (signal?.aborted) throw interrupted();
      const release = takeFree(holder);
      if (release !== undefined) return release;
      if (!places.mayTake(holder)) {
        throw new LogctlError("overloaded", "too many searches and counts are waiting; send this again in a moment", {
          retryAfterS: RETRY_AFTER_S,
        });
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const entry: Waiting = { holder, give: resolve };
      const leave = () => {
        // Whoever is not in the line any more has a slot, and gives it back.
        if (!waiting.includes(entry)) return;
        leaveLine(entry);
        reject(interrupted());
      };
      waiting.push(entry);
      places.add(holder, 1);
      signal?.addEventListener("abort", leave);
      await promise.finally(() => signal?.removeEventListener("abort", leave));
      return releaseOnce(holder);
    },
    taken: held.total,
    waiting: () => waiting.length,
  };
}

/** How many of `count` each holder has. */
function createShares(count: number) {
  const shares = new Map<number, number>();
  let total = 0;
  const of = (holder: number) => shares.get(holder) ?? 0;
  return {
    of,
    total: () => total,
    mayTake(holder: number): boolean {
      const own = of(holder);
      return total < count && own < Math.ceil((count - (total - own)) / 2);
    },
    add(holder: number, change: 1 | -1): void {
      total += change;
      const own = of(holder) + change;
      if (own === 0) shares.delete(holder);
      else shares.set(holder, own);
    },
  };
}

export function interrupted(): LogctlError {
  return new LogctlError("interrupted", "who asked has left");
}
