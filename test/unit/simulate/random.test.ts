import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRandom } from "../../../src/simulate/random.ts";

const firstOf = (seed: number, count = 20) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe("createRandom", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(firstOf(7)).toEqual(firstOf(7));
    const starts = Array.from({ length: 1000 }, (_, seed) => firstOf(seed, 1)[0]);
    expect(new Set(starts).size).toBe(1000);
  });

  test("stays within its bounds and reaches them, whatever the seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        const random = createRandom(seed);
        for (let count = 0; count < 50; count += 1) {
          expect(random.next()).toBeWithin(0, 1);
          expect(random.between(3, 5)).toBeWithin(3, 6);
          expect(random.hex(4)).toMatch(/^[0-9a-f]{4}$/);
        }
      }),
    );
    const random = createRandom(1);
    const picked = new Set(Array.from({ length: 200 }, () => random.pick(["a", "b", "c"])));
    expect(picked.size).toBe(3);
  });

  test("is spread evenly", () => {
    const counts = new Array<number>(10).fill(0);
    for (const value of firstOf(42, 100_000)) counts[Math.floor(value * 10)] = (counts[Math.floor(value * 10)] ?? 0) + 1;
    for (const count of counts) expect(count).toBeWithin(9500, 10_500);
  });
});
