/** One thing to be done at its turn. */
export type TailTurn<Result> = {
  /** Never resolves where it was left before it began. */
  done: Promise<Result>;
  /** It need not begin any more. */
  leave(): void;
};

/**
 * Has the steps of tails done one after another, in the order in which they were asked for: however many tails there are,
 * one thread reads for them, and others who ask find the next one idle.
 */
export type TailTurns = {
  take<Result>(work: () => Promise<Result>): TailTurn<Result>;
};

/** A step that has not come to its end by then, as of a hard query over long texts, does not hold up those of others. */
const LATE_AFTER_MS = 500;
/** So many steps are under way at most, with those that are late. */
const MAX_UNDER_WAY = 4;
/** Where so many wait, they leave half of the time to others: after so long at work they rest as long. */
const CROWD = 8;
const WORK_A_REST_MS = 10;

/** `now` is a clock in ms that never goes back. */
export function createTailTurns(lateAfterMs = LATE_AFTER_MS, now = () => performance.now()): TailTurns {
  // In the order in which they come.
  const waiting = new Set<() => Promise<void>>();
  let underWay = 0;
  let late = 0;
  let workedMs = 0;
  let isResting = false;

  function startNext(): void {
    if (isResting || underWay > late || underWay >= MAX_UNDER_WAY) return;
    const [next] = waiting;
    if (next === undefined) return;
    waiting.delete(next);
    void run(next);
  }

  async function run(work: () => Promise<void>): Promise<void> {
    const startedAtMs = now();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      late += 1;
      startNext();
    }, lateAfterMs);
    underWay += 1;
    await work();
    underWay -= 1;
    clearTimeout(timer);
    if (isLate) late -= 1;
    workedMs += now() - startedAtMs;
    if (workedMs >= WORK_A_REST_MS) rest();
    startNext();
  }

  function rest(): void {
    const restMs = workedMs;
    workedMs = 0;
    if (isResting || waiting.size < CROWD) return;
    isResting = true;
    setTimeout(() => {
      isResting = false;
      startNext();
    }, restMs);
  }

  return {
    take<Result>(work: () => Promise<Result>) {
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const start = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      waiting.add(start);
      startNext();
      return { done: promise, leave: () => waiting.delete(start) };
    },
  };
}
