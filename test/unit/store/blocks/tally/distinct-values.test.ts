import { describe, expect, test } from "bun:test";
import {
  addHash,
  createDistinctValues,
  type DistinctValues,
  estimateDistinct,
  hashValue,
  MAX_HASHES,
  mergeDistinct,
  packDistinct,
  thinOut,
} from "../../../../../src/store/blocks/tally/distinct-values.ts";
import { numbersIn } from "../../../../../src/store/blocks/tally/number-table.ts";

const hashesOf = ({ hashes }: DistinctValues) => numbersIn(hashes).sort();

/** The values from `from` up to but not including `to`. */
function valuesOf(from: number, to: number, most = MAX_HASHES): DistinctValues {
  const values = createDistinctValues();
  for (let i = from; i < to; i += 1) {
    addHash(values, hashValue(`"value ${i}"`));
    thinOut(values, most);
  }
  return values;
}

describe("different values", () => {
  test("are counted exactly while there are few", () => {
    const values = valuesOf(0, 1000);
    mergeDistinct(values, packDistinct(valuesOf(500, 2000)));
    expect(estimateDistinct(values)).toEqual({ distinct: 2000, error: 0 });
    expect(estimateDistinct(createDistinctValues())).toEqual({ distinct: 0, error: 0 });
    expect(estimateDistinct(valuesOf(0, MAX_HASHES))).toEqual({ distinct: MAX_HASHES, error: 0 });
  });

  test("are estimated beyond, within the error that is stated, in bounded room", () => {
    for (const [count, most] of [[300_000, MAX_HASHES] as const, [30_000, 1000] as const, [30_000, 64] as const]) {
      const values = valuesOf(0, count, most);
      const { distinct, error } = estimateDistinct(values);
      expect(values.hashes.size).toBeLessThanOrEqual(most);
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(3 / Math.sqrt(most));
      expect([most, Math.abs(distinct - count) <= count * error]).toEqual([most, true]);
    }
  });

  test("come to the same however they were split and merged", () => {
    const whole = valuesOf(0, 20_000, 1000);
    for (const cut of [0, 10, 1500, 19_000]) {
      const merged = valuesOf(0, cut, 1000);
      mergeDistinct(merged, packDistinct(valuesOf(cut, 20_000, 1000)));
      thinOut(merged, 1000);
      expect(hashesOf(merged)).toEqual(hashesOf(whole));
      expect(merged.zeroBits).toBe(whole.zeroBits);
      const other = valuesOf(cut, 20_000, 1000);
      mergeDistinct(other, packDistinct(valuesOf(0, cut, 1000)));
      thinOut(other, 1000);
      expect(estimateDistinct(other)).toEqual(estimateDistinct(whole));
    }
  });
});
