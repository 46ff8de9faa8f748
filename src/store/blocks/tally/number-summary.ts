import { addToTable, createNumberTable, type NumberTable, numbersIn, timesIn } from "./number-table.ts";

/**
 * Numbers summed up: how often each value occurs. Exact while there are few different ones; then values are rounded to
 * the middles of intervals that grow by a constant factor, as DDSketch does (Masson, Rim, Lee, VLDB 2019), so that none is
 * off by more than ROUNDING_ERROR of itself. Rounding keeps the order, and what was rounded before stays as it is: summaries can
 * be merged in any order.
 */
export type NumberSummary = {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** How often each value occurs, rounded where `rounded`. */
  counts: NumberTable;
  rounded: boolean;
};

export const ROUNDING_ERROR = 0.01;
/** So many different values one summary holds as they are. */
const MAX_EXACT_VALUES = 10_000;
const LOG_FACTOR = Math.log((1 + ROUNDING_ERROR) / (1 - ROUNDING_ERROR));
const LOG_MIDDLE = Math.log(2 / ((1 + ROUNDING_ERROR) / (1 - ROUNDING_ERROR) + 1));

export function createNumberSummary(): NumberSummary {
  return {
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    counts: createNumberTable(true),
    rounded: false,
  };
}

export function addNumber(summary: NumberSummary, value: number, times: number): void {
  summary.count += times;
  summary.sum += value * times;
  summary.min = Math.min(summary.min, value);
  summary.max = Math.max(summary.max, value);
  addCount(summary, value, times);
}

function addCount(summary: NumberSummary, value: number, times: number): void {
  const { counts } = summary;
  addToTable(counts, summary.rounded ? roundNumber(value) : value, times);
  if (!summary.rounded && counts.size > MAX_EXACT_VALUES) roundSummary(summary);
}

/** Takes less room from now on. */
export function roundSummary(summary: NumberSummary): void {
  if (summary.rounded) return;
  const { counts } = summary;
  summary.rounded = true;
  summary.counts = createNumberTable(true);
  for (const value of numbersIn(counts)) addCount(summary, value, timesIn(counts, value));
}

/** What stands before the values and how often each occurs in a packed summary: count, sum, min, max, and 1 where rounded. */
const PACKED_HEAD = 5;

/** A summary of some numbers, for another one to take in by `mergeSummary`. */
export function packSummary({ count, sum, min, max, rounded, counts }: NumberSummary): Float64Array {
  const packed = new Float64Array(PACKED_HEAD + 2 * counts.size);
  packed.set([count, sum, min, max, rounded ? 1 : 0]);
  let at = PACKED_HEAD;
  for (const value of numbersIn(counts)) {
    packed[at] = value;
    packed[at + 1] = timesIn(counts, value);
    at += 2;
  }
  return packed;
}

export function mergeSummary(into: NumberSummary, packed: Float64Array): void {
  const [count = 0, sum = 0, min = 0, max = 0, rounded = 0] = packed;
  if (rounded === 1) roundSummary(into);
  into.count += count;
  into.sum += sum;
  into.min = Math.min(into.min, min);
  into.max = Math.max(into.max, max);
  for (let at = PACKED_HEAD; at < packed.length; at += 2) addCount(into, packed[at] as number, packed[at + 1] as number);
}

function roundNumber(value: number): number {
  if (value === 0) return 0;
  const power = Math.ceil(Math.log(Math.abs(value)) / LOG_FACTOR);
  const size = Math.exp(power * LOG_FACTOR + LOG_MIDDLE);
  return Math.sign(value) * Math.min(Math.max(size, Number.MIN_VALUE), Number.MAX_VALUE);
}

/** By nearest rank: of `shares` of all numbers, in ascending order, the smallest value that so many are no larger than. */
export function percentilesOf({ count, min, max, counts }: NumberSummary, shares: readonly number[]): number[] {
  const values = numbersIn(counts).sort();
  const found: number[] = [];
  let at = 0;
  let passed = values.length === 0 ? 0 : timesIn(counts, values[0] as number);
  for (const share of shares) {
    const rank = Math.max(1, Math.ceil(share * count));
    while (passed < rank && at + 1 < values.length) {
      at += 1;
      passed += timesIn(counts, values[at] as number);
    }
    // What was rounded may lie beyond all there was.
    found.push(Math.min(Math.max(values[at] as number, min), max));
  }
  return found;
}
