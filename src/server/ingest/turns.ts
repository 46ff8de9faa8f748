import { LogctlError } from "../../errors.ts";

/** Lets tokens take turns at being written, so that one that sends as much as it can does not hold up the others. */
export type Turns = {
  /** To be told of every request: a token has all to itself while no other one is there. */
  seen(id: number): void;
  /** Throws `rate_limited` where too many bytes of this token wait already for so many more to be worth reading. */
  check(id: number, bytes: number): void;
  /** Resolves once so many bytes may be decoded and written; to be called back when they are. */
  take(id: number, bytes: number): Promise<() => void>;
};

/**
 * What a token may have between decoding and disk at a time while others are there, or one request if that is larger. With
 * twice as much it writes half as much again, and everybody else waits twice as long.
 */
const SHARE_BYTES = 384 * 1024;
/** What a request takes beside its body, so that very many small ones count too. */
const BYTES_A_REQUEST = 8 * 1024;
/** Another token is there for so long after its last request. */
const THERE_FOR_MS = 2000;
/** What may wait of one token, in bytes of bodies. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
const RETRY_AFTER_S = 1;

type Line = { takenBytes: number; waitingBytes: number; waiting: { bytes: number; start: () => void }[] };

/** `now` is a clock in ms that never goes back. */
export function createTurns(now: () => number): Turns {
  const lines = new Map<number, Line>();
  let latest = { id: Number.NaN, atMs: Number.NEGATIVE_INFINITY };
  let otherThanLatest = latest;

  function isAlone(id: number): boolean {
    const other = latest.id === id ? otherThanLatest : latest;
    return now() - other.atMs > THERE_FOR_MS;
  }

  function mayStart(id: number, { takenBytes }: Line, bytes: number): boolean {
    return takenBytes === 0 || takenBytes + bytes <= SHARE_BYTES || isAlone(id);
  }

  function leave(id: number, line: Line, bytes: number): void {
    line.takenBytes -= bytes;
    for (let next = line.waiting[0]; next !== undefined && mayStart(id, line, next.bytes); next = line.waiting[0]) {
      line.waiting.shift();
      line.waitingBytes -= next.bytes;
      line.takenBytes += next.bytes;
      next.start();
    }
    if (line.takenBytes === 0) lines.delete(id);
  }

  function refuseCrowd(line: Line | undefined, bytes: number): void {
    if (line === undefined || line.waiting.length === 0 || line.waitingBytes + bytes <= MAX_WAITING_BYTES) return;
    throw new LogctlError("rate_limited", "too much of this token waits to be written; send this again in a moment", {
      retryAfterS: RETRY_AFTER_S,
    });
  }

  return {
    seen(id) {
      if (id !== latest.id) {
        otherThanLatest = latest;
        latest = { id, atMs: 0 };
      }
      latest.atMs = now();
    },
    check: (id, bytes) => refuseCrowd(lines.get(id), bytes),
    async take(id, size) {
      const bytes = size + BYTES_A_REQUEST;
      const line = lines.get(id) ?? { takenBytes: 0, waitingBytes: 0, waiting: [] };
      lines.set(id, line);
      if (line.waiting.length === 0 && mayStart(id, line, bytes)) {
        line.takenBytes += bytes;
      } else {
        refuseCrowd(line, bytes);
        line.waitingBytes += bytes;
        await new Promise<void>((start) => line.waiting.push({ bytes, start }));
      }
      return () => leave(id, line, bytes);
    },
  };
}
