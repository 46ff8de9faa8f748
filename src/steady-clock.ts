import { uptime } from "node:os";

/** Clocks are set now and then; that far it is no jump. */
export const CLOCK_TOLERANCE_MS = 60_000;
/** A clock that has jumped ahead is believed after it has gone on for so long. */
const BELIEVED_AFTER_MS = 3_600_000;
const UPTIME_STEP_MS = 10;

/** What of a steady clock is kept on disk, so that no restart can fool it; numbers of ms. */
export type ClockMark = {
  timeMs: number;
  ranMs: number;
  /** For how long the machine's clock has been ahead. */
  aheadMs: number;
  /** When the mark was made, in ms since the machine was started, and which start that was. */
  uptimeMs: number;
  boot: number;
};

/**
 * The time by which it is decided what is too old. A clock that is set to a wrong year for a minute, or is wrong when the
 * collector starts, must not cost all records, forget what was said, or end what is good: it is believed at once where it goes
 * back, which keeps more, and after an hour where it has jumped ahead, unless the machine's uptime shows that as much time has
 * passed. Until then time goes on from what was known.
 */
export type SteadyClock = {
  /** Milliseconds since the epoch. */
  timeMs(): number;
  /** Milliseconds that have passed, whatever the clock was set to, since the first mark; the machine's standing still is not counted. */
  ranMs(): number;
  mark(): ClockMark;
};

export type SteadyClockOptions = {
  /** Milliseconds since the epoch, by a clock that may be wrong. */
  now: () => number;
  /** The latest mark; where there is none the clock is believed as it is. */
  mark?: ClockMark | undefined;
  believedAfterMs?: number | undefined;
  /** Milliseconds since the machine was started, sleep included: a clock that nobody sets. */
  uptimeMs?: () => number;
  /** Tells one start of the machine from another; 0 where it cannot be told. */
  boot?: number;
};

export function createSteadyClock(options: SteadyClockOptions): SteadyClock {
  const { now, mark, believedAfterMs = BELIEVED_AFTER_MS, uptimeMs = createUptime(), boot = 0 } = options;
  let atMs = uptimeMs();
  const offMs = mark !== undefined && boot !== 0 && mark.boot === boot ? Math.max(0, atMs - mark.uptimeMs) : 0;
  let timeMs = mark === undefined ? now() : mark.timeMs + offMs;
  let ranMs = (mark?.ranMs ?? 0) + offMs;
  let aheadMs = mark?.aheadMs ?? 0;
  let wasAhead = false;

  function read(): void {
    const clockMs = now();
    const passedMs = Math.max(0, uptimeMs() - atMs);
    atMs += passedMs;
    timeMs += passedMs;
    ranMs += passedMs;
    const isAhead = clockMs > timeMs + CLOCK_TOLERANCE_MS;
    if (isAhead && wasAhead) aheadMs += passedMs;
    wasAhead = isAhead;
    if (isAhead && aheadMs < believedAfterMs) return;
    aheadMs = 0;
    wasAhead = false;
    timeMs = clockMs;
  }

  return {
    timeMs() {
      read();
      return timeMs;
    },
    ranMs() {
      read();
      return ranMs;
    },
    mark() {
      read();
      const rounded = { timeMs: Math.round(timeMs), ranMs: Math.round(ranMs), aheadMs: Math.round(aheadMs) };
      return { ...rounded, uptimeMs: Math.round(atMs), boot };
    },
  };
}

/** It goes on in steps of 10 ms, and to ask for it takes longer than the rest of what a request needs of the clock. */
function createUptime(): () => number {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let uptimeMs = 0;
  return () => {
    const atMs = performance.now();
    if (atMs - askedAtMs >= UPTIME_STEP_MS) {
      askedAtMs = atMs;
      uptimeMs = uptime() * 1000;
    }
    return uptimeMs;
  };
}
