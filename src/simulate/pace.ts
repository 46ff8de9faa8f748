export type PaceOptions = {
  intervalMs: number;
  /** Milliseconds; a clock that jumps costs no more than one interval. */
  now: () => number;
  /** Resolves after so many milliseconds, or once the signal is aborted. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
};

/** Beats missed further back than this are not made up for, so that a pause is not followed by a burst. */
const MAX_BEHIND_MS = 1000;

/**
 * Keeps time: each call resolves at the next beat, one interval after the last, however long the work in between took.
 * Where the work takes longer than the interval there is no wait. The first beat is one interval from now.
 */
export function createPace({ intervalMs, now, sleep, signal }: PaceOptions): () => Promise<void> {
  let beat = now();
  return async () => {
    // No later than one interval from now, or a clock set back would stop us for as long.
    beat = Math.min(Math.max(beat + intervalMs, now() - MAX_BEHIND_MS), now() + intervalMs);
    const waitMs = beat - now();
    if (waitMs > 0) await sleep(waitMs, signal);
  };
}
