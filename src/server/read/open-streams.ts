import { LogctlError } from "../../errors.ts";

/** An answer that goes on at its reader's pace. */
export type OpenStream = {
  /** To be called when the reader asks for a piece: until there is one, it is not the reader who stands still. */
  asked(): void;
  /** To be called when a piece lies ready for the reader. */
  offered(): void;
  /** To be called once when it is over, however it ended; more often does no harm. */
  over(): void;
};

export type OpenStreams = {
  /**
   * Enters a stream of the token `id`. Where there are as many as there may be, another is ended for it: the one that has stood
   * still longest, or else the youngest of the token that has the most, where that has two more than this one. Throws
   * `overloaded` where neither is there. `check` throws once the reader may read no more. `end` breaks the stream off.
   */
  enter(request: Request, id: number, check: () => void, end: () => void): OpenStream;
  /** Whether the answer to this request is such a stream. */
  has(request: Request): boolean;
  count(): number;
  /** Ends what stands still for too long, or is read by a token that may read no more. To be called every second. */
  look(): void;
  /** Such streams that were broken off, since the start. */
  ended(): number;
};

/** Each holds what it has unpacked for its reader: so many may be open. */
export const MAX_STREAMS = 64;
/** A stream whose reader took nothing for so long is ended for one that comes. */
const YIELDS_AFTER_MS = 5000;
/** A person may page through an answer at leisure, but who left it open and went away holds it no longer. */
const MAX_STANDSTILL_MS = 10 * 60_000;
const RETRY_AFTER_S = 1;

type Entry = {
  request: Request;
  id: number /** Since when a piece lies ready; infinite while none does. */;
  readyAtMs: number;
  check: () => void;
  end: () => void;
};

/** `now` is a clock in ms that never goes back. */
export function createOpenStreams(now: () => number): OpenStreams {
  // In the order in which they came.
  const entries = new Map<Request, Entry>();
  let ended = 0;

  function breakOff(entry: Entry): void {
    entries.delete(entry.request);
    ended += 1;
    entry.end();
  }

  function findStandingStill(): Entry | undefined {
    let longest: Entry | undefined;
    for (const entry of entries.values()) if (longest === undefined || entry.readyAtMs < longest.readyAtMs) longest = entry;
    return longest !== undefined && now() - longest.readyAtMs >= YIELDS_AFTER_MS ? longest : undefined;
  }

  function findGreediest(id: number): Entry | undefined {
    const counts = new Map<number, number>();
    for (const entry of entries.values()) counts.set(entry.id, (counts.get(entry.id) ?? 0) + 1);
    const [greediest, most] = [...counts].reduce((first, second) => (second[1] > first[1] ? second : first));
    if (most < (counts.get(id) ?? 0) + 2) return undefined;
    return [...entries.values()].findLast((entry) => entry.id === greediest);
  }

  function isAllowed({ check }: Entry): boolean {
    try {
      check();
      return true;
    } catch (error) {
      // That the tokens cannot be read at the moment says nothing about this one.
      return !(error instanceof LogctlError && (error.code === "unauthorized" || error.code === "forbidden"));
    }
  }

  return {
    enter(request, id, check, end) {
      if (entries.size >= MAX_STREAMS) {
        const victim = findStandingStill() ?? findGreediest(id);
        if (victim === undefined) {
          throw new LogctlError("overloaded", `${MAX_STREAMS} streams of records are open already; come again in a moment`, {
            retryAfterS: RETRY_AFTER_S,
          });
        }
        breakOff(victim);
      }
      const entry: Entry = { request, id, readyAtMs: Number.POSITIVE_INFINITY, check, end };
      entries.set(request, entry);
      return {
        asked() {
          entry.readyAtMs = Number.POSITIVE_INFINITY;
        },
        offered() {
          entry.readyAtMs = now();
        },
        over: () => void entries.delete(request),
      };
    },
    has: (request) => entries.has(request),
    count: () => entries.size,
    look() {
      for (const entry of entries.values()) {
        if (now() - entry.readyAtMs > MAX_STANDSTILL_MS || !isAllowed(entry)) breakOff(entry);
      }
    },
    ended: () => ended,
  };
}
