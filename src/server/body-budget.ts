import { LogctlError } from "../errors.ts";

/**
 * What all bodies that are held at one time may come to, whatever clients do. Half of it is for small ones, so that a few
 * large ones that never come to their end do not keep them out.
 */
export type BodyBudget = {
  /** A share for one request, of which nothing is taken at first; `announcedBytes` where it says how large it is. */
  open(announcedBytes: number | undefined): BodyShare;
  /** What is held at the moment. */
  bytes(): number;
};

export type BodyShare = {
  /** To be called before so much is held. Throws `overloaded` where all together would be too much, and once it was closed. */
  take(bytes: number): void;
  /** Less is held than was taken. */
  giveBack(bytes: number): void;
  /** Gives back all of it. What goes on reading for a request that was answered already, as too slow, is ended by the next `take`. */
  close(): void;
};

export const SMALL_BODY_BYTES = 1024 * 1024;
const RETRY_AFTER_S = 1;
/** What large bodies leave behind is garbage of which the engine hears too late: memory would grow by hundreds of megabytes. */
const BYTES_A_COLLECTION = 48 * 1024 * 1024;

/** `collect` gives back memory; by default the engine's garbage is collected, compiled code is kept. */
export function createBodyBudget(maxBytes: number, collect: () => void = () => Bun.gc(false)): BodyBudget {
  const small = { held: 0 };
  const large = { held: 0 };
  let leftBehind = 0;

  function leaveBehind(bytes: number): void {
    if (bytes <= SMALL_BODY_BYTES) return;
    leftBehind += bytes;
    if (leftBehind < BYTES_A_COLLECTION) return;
    leftBehind = 0;
    collect();
  }

  return {
    bytes: () => small.held + large.held,
    open(announcedBytes = Number.POSITIVE_INFINITY) {
      let pool = announcedBytes <= SMALL_BODY_BYTES ? small : large;
      let mine = 0;
      let most = 0;
      let closed = false;
      const hold = (bytes: number) => {
        pool.held += bytes - mine;
        mine = bytes;
        most = Math.max(most, bytes);
      };
      return {
        take(bytes) {
          const wanted = mine + bytes;
          // What unpacks to much is large, however small it came.
          const next = wanted > SMALL_BODY_BYTES ? large : pool;
          if (closed || next.held + (next === pool ? bytes : wanted) > maxBytes / 2) {
            throw new LogctlError("overloaded", "too many and too large requests are being read; send this again in a moment", {
              retryAfterS: RETRY_AFTER_S,
            });
          }
          if (next !== pool) hold(0);
          pool = next;
          hold(wanted);
        },
        giveBack(bytes) {
          if (!closed) hold(mine - bytes);
        },
        close() {
          if (closed) return;
          closed = true;
          hold(0);
          leaveBehind(most);
        },
      };
    },
  };
}
