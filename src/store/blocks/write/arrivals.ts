/** What has arrived so far, and word of what arrives. */
export type Arrivals = {
  /** The id of the newest record on disk; 0 where there is none. */
  newestId(): number;
  /**
   * Calls `listener` when there is more on disk than up to `afterId`: at once after a quiet time, else together with all
   * who listen, once for all that came in a short while. The function that it gives back ends that.
   */
  onArrival(afterId: number, listener: () => void): () => void;
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
