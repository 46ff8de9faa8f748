/** A stream of chance that is the same for the same seed. */
export type Random = {
  /** From 0 up to but not including 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** `count` hexadecimal digits. */
  hex(count: number): string;
};

/** Marsaglia's xorshift with a multiplication at the end: small, quick, and good enough to look like life; nothing to keep secrets with. */
export function createRandom(seed: number): Random {
  // The state must not be 0, and neighbouring seeds should not start alike.
  let state = Math.imul((seed | 0) ^ 0x5bd1e995, 0x2c1b3c6d) || 1;

  function next(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (Math.imul(state, 0x9e3779b1) >>> 0) / 2 ** 32;
  }

  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  for (let round = 0; round < 8; round += 1) next();
  return {
    next,
    between,
    pick: <Item>(items: readonly Item[]) => items[between(0, items.length - 1)] as Item,
    hex: (count) => Array.from({ length: count }, () => between(0, 15).toString(16)).join(""),
  };
}
