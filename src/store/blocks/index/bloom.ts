/**
 * Bloom filters over 32-bit word hashes, one a page: each says for certain that a word is not on its page. About 10 bits
 * a word and 6 probes let one absent word in a hundred through.
 */
const BITS_PER_WORD = 10;
const PROBES = 6;
const MIN_BYTES = 8;

/** Collects distinct hashes by open addressing, without an object a word; emptied and used again from page to page. */
export type HashSet = { add(hash: number): void; size(): number; forEach(take: (hash: number) => void): void; clear(): void };

export function createHashSet(): HashSet {
  let slots = new Uint32Array(1 << 14);
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
      for (let slot = 0; slot < slots.length; slot += 1) if (slots[slot] !== 0) take(slots[slot] as number);
    },
    clear() {
      slots.fill(0);
      size = 0;
      hasZero = false;
    },
  };
}

/** The filter's bits, nothing else; its size follows from its length. */
export function buildBloom(hashes: HashSet): Uint8Array {
  const bits = new Uint8Array(Math.max(MIN_BYTES, Math.ceil((hashes.size() * BITS_PER_WORD) / 8)));
  const size = bits.length * 8;
  hashes.forEach((hash) => {
    let probe = hash;
    const step = stepOf(hash);
    for (let i = 0; i < PROBES; i += 1) {
      const bit = bitOf(probe, size);
      bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
      probe = (probe + step) | 0;
    }
  });
  return bits;
}

/** False: the word is in no row of the page. */
export function bloomMayHold(bits: Uint8Array, hash: number): boolean {
  const size = bits.length * 8;
  const step = stepOf(hash);
  let probe = hash;
  for (let i = 0; i < PROBES; i += 1) {
    const bit = bitOf(probe, size);
    if (((bits[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
    probe = (probe + step) | 0;
  }
  return true;
}

/** 31 bits, since a remainder of what fits into a small integer is far quicker to have. */
function bitOf(probe: number, size: number): number {
  return (probe >>> 1) % size;
}

function stepOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) | 1;
}

/** Filters one after another: for each where it ends (uint32), then their bits. Bits are as good as random: never packed. */
export function joinBlooms(filters: Uint8Array[]): Uint8Array {
  const headerBytes = filters.length * 4;
  const joined = new Uint8Array(filters.reduce((sum, bits) => sum + bits.length, headerBytes));
  const view = new DataView(joined.buffer);
  let end = headerBytes;
  for (const [page, bits] of filters.entries()) {
    joined.set(bits, end);
    end += bits.length;
    view.setUint32(page * 4, end, true);
  }
  return joined;
}

/** The filter of a page, of those that `joinBlooms` put together for so many pages. */
export function bloomOfPage(joined: Uint8Array, pages: number, page: number): Uint8Array {
  const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength);
  const start = page === 0 ? pages * 4 : view.getUint32((page - 1) * 4, true);
  return joined.subarray(start, view.getUint32(page * 4, true));
}
