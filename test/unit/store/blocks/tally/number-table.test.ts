import { expect, test } from "bun:test";
import { createRandom } from "../../../../../src/simulate/random.ts";
import { addToTable, createNumberTable, numbersIn, timesIn } from "../../../../../src/store/blocks/tally/number-table.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);

test("a table of numbers says what a map says", () => {
  const random = createRandom(SEED);
  for (const pick of [
    () => random.between(-20, 20),
    () => random.between(0, 1000) * 2 ** 40,
    () => random.next() * 1e9,
    () => random.pick([0, -0, 5e-324, 1e308, Number.POSITIVE_INFINITY, 2 ** 53]),
  ]) {
    const table = createNumberTable(true);
    const map = new Map<number, number>();
    for (let round = 0; round < 3000; round += 1) {
      const [key, times] = [pick(), random.between(1, 5)];
      addToTable(table, key, times);
      map.set(key, (map.get(key) ?? 0) + times);
    }
    expect([SEED, table.size]).toEqual([SEED, map.size]);
    const found = Array.from(numbersIn(table).sort(), (key) => [key, timesIn(table, key)]);
    expect([SEED, found]).toEqual([SEED, [...map].sort(([a], [b]) => a - b)]);
    expect(timesIn(table, 0.123)).toBe(0);
  }
});
