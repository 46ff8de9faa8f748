/**
 * What stays the same in texts that one line of code wrote: UTF-8 with slots where they differ. A slot is a byte that
 * occurs in no UTF-8 (0xf8 and up); that of hexadecimal digits is followed by how many.
 */
export const SLOT = {
  /** Up to 15 decimal digits. */
  number: 0xf8,
  /** Lower-case hexadecimal digits, one a decimal one at least; with their number behind. */
  hex: 0xf9,
  /** The 32 digits of a UUID, without its dashes. */
  uuid: 0xfa,
  /** Any other word with digits in it; in JSON, any value. */
  text: 0xfb,
  /** A word without digits. */
  word: 0xfc,
  /** In JSON: true, false or null. */
  literal: 0xfd,
} as const;

export const FIRST_SLOT = SLOT.number;

/** What counts as a number, and as hexadecimal digits. */
export const MAX_NUMBER_DIGITS = 15;
export const MIN_HEX_DIGITS = 8;
export const MAX_HEX_DIGITS = 64;
export const UUID_BYTES = 36;

/** Skeletons are hashed by FNV-1a, in 32 bits with a sign. */
export const FNV_OFFSET = 0x811c9dc5 | 0;
export const FNV_PRIME = 0x01000193;

/** The distinct skeletons of a block, by number in the order in which they were first met; found by their bytes. */
export type SkeletonTable = {
  /** The number of the skeleton that lies in `bytes` from `start` up to `end`, and whose hash this is. */
  intern(bytes: Uint8Array, start: number, end: number, hash: number): number;
  count(): number;
  get(index: number): Uint8Array;
};

export function createSkeletonTable(): SkeletonTable {
  let slots = new Int32Array(1 << 12).fill(-1);
  let hashes = new Int32Array(1 << 11);
  let ends = new Uint32Array((1 << 11) + 1);
  let arena = new Uint8Array(1 << 17);
  let count = 0;

  function equals(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    let at = ends[index] as number;
    if ((ends[index + 1] as number) - at !== to - from) return false;
    for (let i = from; i < to; i += 1, at += 1) if (arena[at] !== bytes[i]) return false;
    return true;
  }

  function add(bytes: Uint8Array, from: number, to: number, hash: number): void {
    if (count === hashes.length) {
      const largerHashes = new Int32Array(count * 2);
      largerHashes.set(hashes);
      hashes = largerHashes;
      const largerEnds = new Uint32Array(count * 2 + 1);
      largerEnds.set(ends);
      ends = largerEnds;
    }
    let at = ends[count] as number;
    const end = at + to - from;
    if (end > arena.length) {
      const larger = new Uint8Array(Math.max(arena.length * 2, end));
      larger.set(arena);
      arena = larger;
    }
    for (let i = from; i < to; i += 1, at += 1) arena[at] = bytes[i] as number;
    hashes[count] = hash;
    ends[count + 1] = end;
    count += 1;
  }

  function rehash(): void {
    slots = new Int32Array(slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < count; index += 1) {
      let slot = Math.imul(hashes[index] as number, 0x9e3779b1) & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
  }

  return {
    intern(bytes, from, to, hash) {
      const mask = slots.length - 1;
      let slot = Math.imul(hash, 0x9e3779b1) & mask;
      for (let index = slots[slot] as number; index !== -1; index = slots[slot] as number) {
        if (hashes[index] === hash && equals(index, bytes, from, to)) return index;
        slot = (slot + 1) & mask;
      }
      slots[slot] = count;
      add(bytes, from, to, hash);
      if (count * 2 > slots.length) rehash();
      return count - 1;
    },
    count: () => count,
    get: (index) => arena.subarray(ends[index], ends[index + 1]),
  };
}

/** The slots of a skeleton: for each its kind, and where its text starts and ends. */
export function slotsOf(skeleton: Uint8Array): { kind: number; digits: number; start: number; end: number }[] {
  const slots = [];
  for (let at = 0; at < skeleton.length; at += 1) {
    const kind = skeleton[at] as number;
    if (kind < FIRST_SLOT) continue;
    const digits = kind === SLOT.hex ? (skeleton[at + 1] as number) : kind === SLOT.uuid ? 32 : 0;
    const start = at;
    if (kind === SLOT.hex) at += 1;
    slots.push({ kind, digits, start, end: at + 1 });
  }
  return slots;
}
