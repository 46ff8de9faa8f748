import { describe, expect, test } from "bun:test";
import { createRandom } from "../../../../../src/simulate/random.ts";
import {
  addNumber,
  createNumberSummary,
  mergeSummary,
  type NumberSummary,
  packSummary,
  percentilesOf,
} from "../../../../../src/store/blocks/tally/number-summary.ts";
import { numbersIn, timesIn } from "../../../../../src/store/blocks/tally/number-table.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const SHARES = [0, 0.01, 0.5, 0.9, 0.95, 0.99, 1];

function summaryOf(values: readonly number[]): NumberSummary {
  const summary = createNumberSummary();
  for (const value of values) addNumber(summary, value, 1);
  return summary;
}

function countsOf({ counts }: NumberSummary): [value: number, times: number][] {
  return Array.from(numbersIn(counts).sort(), (value) => [value, timesIn(counts, value)]);
}

/** By nearest rank, in a sorted array. */
function percentilesByHand(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return SHARES.map((share) => sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] as number);
}

describe("a summary of numbers", () => {
  test("has the exact percentiles of a sorted array while there are few different values", () => {
    const random = createRandom(SEED);
    for (let round = 0; round < 200; round += 1) {
      const values = Array.from({ length: random.between(1, 50) }, () =>
        random.pick([-3, -1, 0, 1, 1, 2.5, 1e300, random.next()]),
      );
      const summary = summaryOf(values);
      expect([SEED, percentilesOf(summary, SHARES)]).toEqual([SEED, percentilesByHand(values)]);
      expect([summary.rounded, summary.count]).toEqual([false, values.length]);
      expect([summary.min, summary.max]).toEqual([Math.min(...values), Math.max(...values)]);
    }
  });

  test("has each percentile within 1 % once there are many, whatever their signs and sizes", () => {
    const random = createRandom(SEED);
    for (const spread of [1, 10, 300]) {
      const values = Array.from(
        { length: 40_000 },
        () => (random.next() < 0.3 ? -1 : 1) * 10 ** ((random.next() - 0.5) * 2 * spread),
      );
      const summary = summaryOf(values);
      expect(summary.rounded).toBe(true);
      expect(summary.counts.size).toBeLessThan(40_000);
      for (const [at, expected] of percentilesByHand(values).entries()) {
        const found = percentilesOf(summary, SHARES)[at] as number;
        expect([SEED, spread, SHARES[at], Math.abs(found - expected) <= Math.abs(expected) * 0.0100001]).toEqual([
          SEED,
          spread,
          SHARES[at],
          true,
        ]);
      }
    }
  });

  test("is the same however its numbers were split and merged", () => {
    const random = createRandom(SEED);
    for (const size of [10, 5000, 12_000]) {
      const values = Array.from({ length: size }, () => Math.round(random.next() * 1e9) / 16);
      const whole = summaryOf(values);
      const cut = random.between(0, size);
      const parts = [summaryOf(values.slice(0, cut)), summaryOf(values.slice(cut))].filter(({ count }) => count > 0);
      for (const order of [parts, parts.toReversed()]) {
        const merged = createNumberSummary();
        for (const part of order) mergeSummary(merged, packSummary(part));
        expect(countsOf(merged)).toEqual(countsOf(whole));
        expect({ ...merged, counts: 0 }).toEqual({ ...whole, counts: 0 });
      }
    }
  });

  test("stays finite in its values at the ends of what a number can be, and knows a sum that is not", () => {
    const ends = [Number.MAX_VALUE, Number.MIN_VALUE, -Number.MAX_VALUE, 0, -0];
    const many = Array.from({ length: 11_000 }, (_, i) => i + 1);
    const summary = summaryOf([...many, ...ends]);
    for (const value of percentilesOf(summary, SHARES)) expect(Number.isFinite(value)).toBe(true);
    for (const value of percentilesOf(summary, [0, 1])) expect(Math.abs(value) / Number.MAX_VALUE).toBeGreaterThan(0.99);
    const large = summaryOf([Number.MAX_VALUE, Number.MAX_VALUE]);
    const merged = createNumberSummary();
    mergeSummary(merged, packSummary(large));
    expect(merged.sum).toBe(Number.POSITIVE_INFINITY);
  });
});
