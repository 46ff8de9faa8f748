import { LogctlError } from "../errors.ts";

/** What all bodies that are held at one time may come to, whatever clients do. */
export type BodyBudget = {
  /** A share for one request; nothing at first. */
  open(): BodyShare;
  /** What is held at the moment. */
  bytes(): number;
};

export type BodyShare = {
  /** To be called before so much is held. Throws `overloaded` where all together would be too much. */
  take(bytes: number): void;
  /** Less is held than was taken. */
  giveBack(bytes: number): void;
  /** Gives back all of it. */
  close(): void;
};

const RETRY_AFTER_S = 1;

export function createBodyBudget(maxBytes: number): BodyBudget {
  let held = 0;
  return {
    bytes: () => held,
    open() {
      let mine = 0;
      const add = (bytes: number) => {
        mine += bytes;
        held += bytes;
      };
      return {
        take(bytes) {
          if (held + bytes > maxBytes) {
            throw new LogctlError("overloaded", "too many and too large requests are being read; send this again in a moment", {
              retryAfterS: RETRY_AFTER_S,
            });
          }
          add(bytes);
        },
        giveBack: (bytes) => add(-bytes),
        close: () => add(-mine),
      };
    },
  };
}
