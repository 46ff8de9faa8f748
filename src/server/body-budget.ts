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

export function createBodyBudget(maxBytes: number): BodyBudget {
  const small = { held: 0 };
  const large = { held: 0 };
  return {
    bytes: () => small.held + large.held,
    open(announcedBytes = Number.POSITIVE_INFINITY) {
      const pool = announcedBytes <= SMALL_BODY_BYTES ? small : large;
      let mine = 0;
      let closed = false;
      const add = (bytes: number) => {
        mine += bytes;
        pool.held += bytes;
      };
      return {
        take(bytes) {
          if (closed || pool.held + bytes > maxBytes / 2) {
            throw new LogctlError("overloaded", "too many and too large requests are being read; send this again in a moment", {
              retryAfterS: RETRY_AFTER_S,
            });
          }
          add(bytes);
        },
        giveBack(bytes) {
          if (!closed) add(-bytes);
        },
        close() {
          closed = true;
          add(-mine);
        },
      };
    },
  };
}
