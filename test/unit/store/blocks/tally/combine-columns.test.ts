import { expect, test } from "bun:test";
import { createRandom } from "../../../../../src/simulate/random.ts";
import { combineColumns, countNumbers, type IndexColumn } from "../../../../../src/store/blocks/tally/combine-columns.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);

test("combinations are counted as one by one, whether few or many are possible", () => {
  const random = createRandom(SEED);
  for (let round = 0; round < 100; round += 1) {
    const rows = random.between(1, 300);
    const columns = Array.from({ length: random.between(0, 4) }, (): IndexColumn => {
      const size = random.pick([1, 2, 7, 300, 100_000]);
      const indexes = Uint32Array.from({ length: rows }, () => random.between(0, size - 1));
      return { size, indexes: size === 1 ? undefined : indexes };
    });
    const alive = random.next() < 0.5 ? undefined : Uint8Array.from({ length: rows }, () => random.between(0, 1));
    const expected = new Map<string, number>();
    for (let row = 0; row < rows; row += 1) {
      const key = columns.map(({ indexes }) => indexes?.[row] ?? 0).join();
      if (alive?.[row] !== 0) expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    const combined = combineColumns(columns, rows);
    const found = new Map<string, number>();
    for (const [number, count] of countNumbers(combined, alive).entries()) {
      if (count > 0) found.set(combined.indexesOf(number).join(), count);
    }
    expect({ SEED, found: [...found].sort() }).toEqual({ SEED, found: [...expected].sort() });
    // Room is bounded by rows, whatever the product of sizes is.
    expect(combined.size).toBeLessThanOrEqual(4 * rows + 1024);
  }
});
