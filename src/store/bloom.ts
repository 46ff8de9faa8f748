/**
 * A Bloom filter over 32-bit word hashes: says for certain that a word is not in a block. About 10 bits a word and 7
 * probes let one absent word in a hundred through. Bytes: the bits, nothing else; its size follows from its length.
 */
const BITS_PER_WORD = 10;
const PROBES = 7;

/** Collects distinct hashes by open addressing, without an object a word. */
export type HashSet = { add(hash: number): void; size(): number; forEach(take: (hash: number) => void): void };

export function createHashSet(): HashSet {
  let slots = new Uint32Array(1 << 12);
  let size = 0;
  let hasZero = false;

  function insert(into: Uint32Array, hash: number): boolean {
    const mask = into.length - 1;
    let slot = Math.imul(hash, 0x9e3779b1) & mask;
    for (let found = into[slot] as number; found !== 0; found = into[slot] as number) {
      if (found === hash) return false;
      slot = (slot + 1) & mask;
    }
    into[slot] = hash;
    return true;
  }

  return {
    add(hash) {
      if (hash === 0) {
        hasZero = true;
        return;
      }
      if (!insert(slots, hash)) return;
      size += 1;
      if (size * 2 < slots.length) return;
      const larger = new Uint32Array(slots.length * 2);
      for (const held of slots) if (held !== 0) insert(larger, held);
      slots = larger;
    },
    size: () => size + (hasZero ? 1 : 0),
    forEach(take) {
      if (hasZero) take(0);
      for (const held of slots) if (held !== 0) take(held);
    },
  };
}

export function buildBloom(hashes: HashSet): Uint8Array {
  const bits = new Uint8Array(Math.max(8, Math.ceil((hashes.size() * BITS_PER_WORD) / 8)));
  const size = bits.length * 8;
  hashes.forEach((hash) => {
    let probe = hash;
    const step = stepOf(hash);
    for (let i = 0; i < PROBES; i += 1) {
      const bit = probe % size;
      bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
      probe = (probe + step) >>> 0;
    }
  });
  return bits;
}

/** False: the word is in no row of the block. */
export function bloomMayHold(bits: Uint8Array, hash: number): boolean {
  const size = bits.length * 8;
  const step = stepOf(hash);
  let probe = hash;
  for (let i = 0; i < PROBES; i += 1) {
    const bit = probe % size;
    if (((bits[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
    probe = (probe + step) >>> 0;
  }
  return true;
}

function stepOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 13)) | 1) >>> 0;
}
