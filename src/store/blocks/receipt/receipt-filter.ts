/**
 * Which blocks of receipts may have a digest: a Bloom filter for each of them, of 16 bits a receipt. In memory the filters lie
 * side by side, a bit of all of them in neighbouring words, so that one look asks them all.
 */
export type ReceiptFilters = {
  add(block: number, filter: Uint8Array): void;
  remove(block: number): void;
  has(block: number): boolean;
  blocks(): number[];
  /** The blocks that may have it, the newest first: one in 2000 of those that do not is among them. */
  candidates(digest: string): number[];
};

/** For as many receipts as a merged block has. Filters are stored: how they are made never changes. */
const FILTER_BITS = 2 ** 18;
const SHIFT = 32 - 18;
const HASHES = 8;
const BITS_A_WORD = 32;

const positions = new Uint32Array(HASHES);

/** Where a digest's bits are: the digest is as good as random, so that its own words are the hashes. */
function locate(digest: string): Uint32Array {
  const step = Number.parseInt(digest.slice(8, 16), 16) | 1;
  let hash = Number.parseInt(digest.slice(0, 8), 16);
  for (let index = 0; index < HASHES; index += 1) {
    positions[index] = hash >>> SHIFT;
    hash = (hash + step) | 0;
  }
  return positions;
}

export function buildReceiptFilter(digests: Iterable<string>): Uint8Array {
  const filter = new Uint8Array(FILTER_BITS / 8);
  for (const digest of digests) {
    for (const position of locate(digest)) (filter[position >> 3] as number) |= 1 << (position & 7);
  }
  return filter;
}

export function createReceiptFilters(): ReceiptFilters {
  /** The block in each column; undefined where it is free. */
  const columns: (number | undefined)[] = [];
  let words = 0;
  let matrix = new Uint32Array(0);

  function widen(): void {
    const widerWords = Math.max(1, words * 2);
    const wider = new Uint32Array(FILTER_BITS * widerWords);
    for (let position = 0; words > 0 && position < FILTER_BITS; position += 1) {
      wider.set(matrix.subarray(position * words, (position + 1) * words), position * widerWords);
    }
    matrix = wider;
    words = widerWords;
  }

  function put(column: number, filter: Uint8Array | undefined): void {
    const word = column >> 5;
    const bit = 1 << (column & 31);
    for (let position = 0; position < FILTER_BITS; position += 1) {
      const isSet = filter !== undefined && ((filter[position >> 3] as number) & (1 << (position & 7))) !== 0;
      const at = position * words + word;
      matrix[at] = isSet ? (matrix[at] as number) | bit : (matrix[at] as number) & ~bit;
    }
  }

  return {
    add(block, filter) {
      const free = columns.indexOf(undefined);
      const column = free < 0 ? columns.length : free;
      if (column >= words * BITS_A_WORD) widen();
      columns[column] = block;
      put(column, filter);
    },
    remove(block) {
      const column = columns.indexOf(block);
      if (column < 0) return;
      columns[column] = undefined;
      put(column, undefined);
    },
    has: (block) => columns.includes(block),
    blocks: () => columns.filter((block) => block !== undefined),
    candidates(digest) {
      locate(digest);
      const found: number[] = [];
      for (let word = 0; word * BITS_A_WORD < columns.length; word += 1) {
        let bits = -1;
        for (let index = 0; index < HASHES && bits !== 0; index += 1) {
          bits &= matrix[(positions[index] as number) * words + word] as number;
        }
        for (; bits !== 0; bits &= bits - 1) {
          const block = columns[word * BITS_A_WORD + 31 - Math.clz32(bits & -bits)];
          if (block !== undefined) found.push(block);
        }
      }
      return found.sort((a, b) => b - a);
    },
  };
}
