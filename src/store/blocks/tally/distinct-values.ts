import { addToTable, createNumberTable, type NumberTable, numbersIn } from "./number-table.ts";

/**
 * How many different values there were: exact while there are few; then of their hashes only those are kept that end in so
 * many zero bits, and what is kept is multiplied (adaptive sampling; Flajolet, Computing 43, 1990). Two of these can be merged.
 */
export type DistinctValues = {
  hashes: NumberTable;
  /** So many zero bits a hash must end in to be kept. */
  zeroBits: number;
};

/** Numbers are exact to 53 bits. So many different values as one holds meet in one hash once in four million times. */
const HASH_BITS = 53;
/** So many hashes one may hold. */
export const MAX_HASHES = 65_536;

export function createDistinctValues(): DistinctValues {
  return { hashes: createNumberTable(false), zeroBits: 0 };
}

export function hashValue(text: string): number {
  return Number(BigInt.asUintN(HASH_BITS, Bun.hash.wyhash(text)));
}

export function addHash({ hashes, zeroBits }: DistinctValues, hash: number): void {
  if (zeroBits === 0 || hash % 2 ** zeroBits === 0) addToTable(hashes, hash, 1);
}

/** Leaves hashes out until there are no more than `most`. */
export function thinOut(values: DistinctValues, most: number): void {
  while (values.hashes.size > most) raiseTo(values, values.zeroBits + 1);
}

function raiseTo(values: DistinctValues, zeroBits: number): void {
  if (zeroBits <= values.zeroBits) return;
  const before = numbersIn(values.hashes);
  values.zeroBits = zeroBits;
  values.hashes = createNumberTable(false);
  for (const hash of before) addHash(values, hash);
}

/** The number of zero bits and then the hashes, for another one to take in by `mergeDistinct`. */
export function packDistinct({ hashes, zeroBits }: DistinctValues): Float64Array {
  const packed = new Float64Array(1 + hashes.size);
  packed[0] = zeroBits;
  packed.set(numbersIn(hashes), 1);
  return packed;
}

export function mergeDistinct(into: DistinctValues, packed: Float64Array): void {
  raiseTo(into, packed[0] as number);
  for (let at = 1; at < packed.length; at += 1) addHash(into, packed[at] as number);
}

/** How many there were, and by what share of itself that may be off in one case of twenty; 0 where it is exact. */
export function estimateDistinct({ hashes, zeroBits }: DistinctValues): { distinct: number; error: number } {
  if (zeroBits === 0) return { distinct: hashes.size, error: 0 };
  const error = hashes.size === 0 ? 1 : Math.min(1, 2 / Math.sqrt(hashes.size));
  return { distinct: hashes.size * 2 ** zeroBits, error: Math.ceil(error * 1000) / 1000 };
}
