/** Clocks are set now and then; that far it is no jump. */
const TOLERANCE_MS = 60_000;
/** A clock that has jumped ahead is believed after it has gone on for so long. */
const BELIEVED_AFTER_MS = 3_600_000;

export type SteadyClockOptions = {
  /** Milliseconds since the epoch, by a clock that may be wrong. */
  now: () => number;
  /** A time that was known before: that of the newest record, or now. */
  knownMs: number;
  believedAfterMs?: number | undefined;
  /** Milliseconds of a clock that nobody sets. */
  elapsed?: () => number;
};

/**
 * The time by which it is decided what is old enough to be dropped. A clock that is set to a wrong year for a minute, or
 * is wrong when the collector starts, must not cost all records: it is believed at once where it goes back, which keeps
 * more, and after an hour where it has jumped ahead. Until then time goes on from what was known.
 */
export function createSteadyClock(options: SteadyClockOptions): () => number {
  const { now, believedAfterMs = BELIEVED_AFTER_MS, elapsed = () => performance.now() } = options;
  let steadyMs = options.knownMs;
  let atMs = elapsed();
  let jumpedAtMs: number | undefined;
  return () => {
    const clockMs = now();
    const nowMs = elapsed();
    steadyMs += nowMs - atMs;
    atMs = nowMs;
    if (clockMs > steadyMs + TOLERANCE_MS) {
      jumpedAtMs ??= nowMs;
      if (nowMs - jumpedAtMs < believedAfterMs) return steadyMs;
    }
    jumpedAtMs = undefined;
    steadyMs = clockMs;
    return steadyMs;
  };
}
