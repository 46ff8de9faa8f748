import { growTo, onRelease } from "../../../memory/scratch.ts";

/** The distinct skeletons of a block, by number in the order in which they were first met; found by their bytes. */
export type SkeletonTable = {
  /** Where the next skeleton is written from 0 on, with room for so many bytes; good until the next draft. */
  draft(bytes: number): Uint8Array;
  /** The number of the skeleton that the first `length` bytes of the draft are. */
  intern(length: number): number;
  count(): number;
  /** Good until others are interned after `clear`. */
  get(index: number): Uint8Array;
  /** Forgets all skeletons, but keeps the memory for the next ones. */
  clear(): void;
};

/** Bytes are hashed and compared four at a time: each skeleton starts at a word and is filled up with zeros to the next. */
const WORD_BYTES = 4;

/** A table for the life of the thread: what was let go of with the scratch memory it takes again. */
export function createSkeletonTable(): SkeletonTable {
  let slots: Int32Array;
  let hashes: Int32Array;
  let lengths: Uint32Array;
  /** Where each skeleton starts in `arena`, and where the next will. */
  let starts: Uint32Array;
  let arena: Int32Array;
  let draftWords: Int32Array;
  let draft: Uint8Array;
  let count: number;

  function reset(): void {
    slots = new Int32Array(1 << 12).fill(-1);
    hashes = new Int32Array(1 << 11);
    lengths = new Uint32Array(1 << 11);
    starts = new Uint32Array((1 << 11) + 1);
    arena = new Int32Array(1 << 15);
    draftWords = new Int32Array(1 << 10);
    draft = new Uint8Array(draftWords.buffer);
    count = 0;
  }

  reset();
  onRelease(reset);

  function equalsDraft(index: number, length: number): boolean {
    if (lengths[index] !== length) return false;
    const start = starts[index] as number;
    const words = wordsIn(length);
    for (let i = 0; i < words; i += 1) if (arena[start + i] !== draftWords[i]) return false;
    return true;
  }

  function add(length: number, hash: number): void {
    if (count === hashes.length) {
      hashes = growTo(new Int32Array(count * 2), hashes);
      lengths = growTo(new Uint32Array(count * 2), lengths);
      starts = growTo(new Uint32Array(count * 2 + 1), starts);
    }
    const start = starts[count] as number;
    const end = start + wordsIn(length);
    if (end > arena.length) arena = growTo(new Int32Array(Math.max(arena.length * 2, end)), arena);
    for (let i = 0; start + i < end; i += 1) arena[start + i] = draftWords[i] as number;
    hashes[count] = hash;
    lengths[count] = length;
    starts[count + 1] = end;
    count += 1;
  }

  function rehash(): void {
    slots = new Int32Array(slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < count; index += 1) {
      let slot = (hashes[index] as number) & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
  }

  return {
    draft(bytes) {
      if (bytes > draft.length) {
        draftWords = new Int32Array(wordsIn(bytes) * 2);
        draft = new Uint8Array(draftWords.buffer);
      }
      return draft;
    },
    intern(length) {
      const words = wordsIn(length);
      for (let at = length; at < words * WORD_BYTES; at += 1) draft[at] = 0;
      let hash = length;
      for (let i = 0; i < words; i += 1) {
        hash = Math.imul(hash ^ (draftWords[i] as number), 0x9e3779b1);
        hash ^= hash >>> 15;
      }
      const mask = slots.length - 1;
      let slot = hash & mask;
      for (let index = slots[slot] as number; index !== -1; index = slots[slot] as number) {
        if (hashes[index] === hash && equalsDraft(index, length)) return index;
        slot = (slot + 1) & mask;
      }
      slots[slot] = count;
      add(length, hash);
      if (count * 2 > slots.length) rehash();
      return count - 1;
    },
    count: () => count,
    clear() {
      slots.fill(-1);
      count = 0;
    },
    get: (index) => new Uint8Array(arena.buffer, (starts[index] as number) * WORD_BYTES, lengths[index]),
  };
}

function wordsIn(bytes: number): number {
  return (bytes + WORD_BYTES - 1) >>> 2;
}
