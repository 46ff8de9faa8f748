import { LogctlError } from "../../errors.ts";

/**
 * What all bodies that are held at one time may come to, whatever clients do. A token may hold half of what the others leave, so
 * that none keeps another out, and its large bodies leave a part of that to its small ones.
 */
export type BodyBudget = {
  /** A share for one request of this token, of which nothing is taken at first. */
  open(tokenId: number): BodyShare;
  /** What is held at the moment. */
  bytes(): number;
};

export type BodyShare = {
  /** To be called before so much is held. Throws `overloaded` where all together would be too much, and once it was closed. */
  take(bytes: number): void;
  /**
   * The same before anything has come, of a body that is read at once; false where so much is taken ahead for this token already
   * that the next is to be counted as it comes.
   */
  takeAhead(bytes: number): boolean;
  /** Less is held than was taken. */
  giveBack(bytes: number): void;
  /** Gives back all of it. What goes on reading for a request that was answered already, as too slow, is ended by the next `take`. */
  close(): void;
};

const SMALL_BODY_BYTES = 1024 * 1024;
/** Of what a token may hold, the part for large bodies, where there are several. */
const LARGE_PART = 0.75;
/** What of a token's bodies may be counted ahead. */
const AHEAD_BYTES = 16 * 1024 * 1024;
const RETRY_AFTER_S = 1;
/** What large bodies leave behind is garbage of which the engine hears too late: memory would grow by hundreds of megabytes. */
const BYTES_A_COLLECTION = 48 * 1024 * 1024;

type Holder = { bytes: number; largeBytes: number; aheadBytes: number; shares: number };

/** `collect` gives back memory; by default the engine's garbage is collected, compiled code is kept. */
export function createBodyBudget(maxBytes: number, collect: () => void = () => Bun.gc(false)): BodyBudget {
  const holders = new Map<number, Holder>();
  let held = 0;
  let leftBehind = 0;

  function leaveBehind(bytes: number): void {
    if (bytes <= SMALL_BODY_BYTES) return;
    leftBehind += bytes;
    if (leftBehind < BYTES_A_COLLECTION) return;
    leftBehind = 0;
    collect();
  }

  return {
    bytes: () => held,
    open(tokenId) {
      const holder = holders.get(tokenId) ?? { bytes: 0, largeBytes: 0, aheadBytes: 0, shares: 0 };
      holders.set(tokenId, holder);
      holder.shares += 1;
      let mine = 0;
      let most = 0;
      let ahead = 0;
      let closed = false;
      const hold = (bytes: number) => {
        holder.largeBytes += largeBytes(bytes) - largeBytes(mine);
        holder.bytes += bytes - mine;
        held += bytes - mine;
        mine = bytes;
        most = Math.max(most, bytes);
      };
      const hasRoom = (bytes: number) => {
        const allowed = (maxBytes - (held - holder.bytes)) / 2;
        if (holder.bytes - mine + bytes > allowed) return false;
        const otherLarge = holder.largeBytes - largeBytes(mine);
        return otherLarge === 0 || largeBytes(bytes) === 0 || otherLarge + bytes <= allowed * LARGE_PART;
      };
      const take = (bytes: number) => {
        if (closed || !hasRoom(mine + bytes)) {
          throw new LogctlError("overloaded", "too many and too large requests are being read; send this again in a moment", {
            retryAfterS: RETRY_AFTER_S,
          });
        }
        hold(mine + bytes);
      };
      return {
        take,
        takeAhead(bytes) {
          if (holder.aheadBytes + bytes > AHEAD_BYTES) return false;
          take(bytes);
          ahead += bytes;
          holder.aheadBytes += bytes;
          return true;
        },
        giveBack(bytes) {
          if (!closed) hold(mine - bytes);
        },
        close() {
          if (closed) return;
          closed = true;
          hold(0);
          holder.aheadBytes -= ahead;
          holder.shares -= 1;
          if (holder.shares === 0) holders.delete(tokenId);
          leaveBehind(most);
        },
      };
    },
  };
}

/** What a body of so many bytes counts among the large ones. */
function largeBytes(bytes: number): number {
  return bytes > SMALL_BODY_BYTES ? bytes : 0;
}
