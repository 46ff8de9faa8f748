import type { Store } from "../../store.ts";

/** What has arrived so far, and word of what arrives. */
export type Arrivals = Pick<Store, "newestId" | "onArrival"> & {
  /** Told after each commit of the last record's id. */
  committed(lastId: number): void;
};

/** However fast records come, listeners hear of it no more often: each reads what came since at one go. */
const QUIET_MS = 50;

export function createArrivals(newestId: number, quietMs = QUIET_MS): Arrivals {
  const listeners = new Set<() => void>();
  let newest = newestId;
  let toldAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    timer = undefined;
    toldAt = performance.now();
    for (const listener of [...listeners]) listener();
  }

  return {
    newestId: () => newest,
    onArrival(afterId, listener) {
      listeners.add(listener);
      if (newest > afterId) timer ??= setTimeout(tell, Math.max(0, toldAt + quietMs - performance.now()));
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
      };
    },
    committed(lastId) {
      newest = Math.max(newest, lastId);
      if (listeners.size === 0 || timer !== undefined) return;
      const leftMs = toldAt + quietMs - performance.now();
      if (leftMs <= 0) tell();
      else timer = setTimeout(tell, leftMs);
    },
  };
}
