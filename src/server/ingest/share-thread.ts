/** Lets pieces of long work take turns with everything else that the thread has to do. */
export type ThreadShare = {
  /** To be called after each piece: resolves once there may be another one, and is undefined where there may be at once. */
  pause(): Promise<void> | undefined;
};

/** How long pieces follow each other at a stretch. */
const TURN_MS = 3;

/** `now` is a clock in ms that never goes back; `later` runs its work when others have had their turn. */
export function createThreadShare(
  now: () => number = () => performance.now(),
  later: (work: () => void) => unknown = setImmediate,
): ThreadShare {
  // One of them goes on at a time, however many there are.
  const waiting: (() => void)[] = [];
  let turnEndsAtMs = Number.NEGATIVE_INFINITY;

  function goOn(): void {
    turnEndsAtMs = now() + TURN_MS;
    waiting.shift()?.();
    if (waiting.length > 0) later(goOn);
  }

  return {
    pause() {
      if (now() < turnEndsAtMs) return undefined;
      return new Promise((resolve) => {
        if (waiting.push(resolve) === 1) later(goOn);
      });
    },
  };
}
