import { freeBytes } from "../../memory/free-bytes.ts";

/** Bytes that come in pieces of any size, one behind the other in one memory, which grows with what has come. */
export type Gatherer = {
  add(piece: Uint8Array): void;
  length(): number;
  /** All of them. Nothing may be added any more. */
  take(): Uint8Array;
  /** Gives the memory back at once: nobody may use what was taken. */
  free(): void;
};

const FIRST_BYTES = 64 * 1024;
/** So much more is asked for at a time. Memory that is not written to is none yet. */
const GROWTH = 4;

/** There are never more than `maxBytes`. */
export function createGatherer(maxBytes: number): Gatherer {
  let bytes = new Uint8Array();
  let length = 0;

  function grow(needed: number): void {
    const larger = new Uint8Array(Math.min(maxBytes, Math.max(FIRST_BYTES, needed, bytes.length * GROWTH)));
    larger.set(bytes.subarray(0, length));
    if (length > 0) freeBytes(bytes);
    bytes = larger;
  }

  return {
    add(piece) {
      if (length + piece.length > bytes.length) grow(length + piece.length);
      bytes.set(piece, length);
      length += piece.length;
    },
    length: () => length,
    take: () => bytes.subarray(0, length),
    free: () => freeBytes(bytes),
  };
}
