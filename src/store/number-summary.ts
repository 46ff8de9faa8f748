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
  counts: Map<number, number>;
  rounded: boolean;
};

export const ROUNDING_ERROR = 0.01;
/** So many different values one summary holds as they are. */
const MAX_EXACT_VALUES = 10_000;
const LOG_FACTOR = Math.log((1 + ROUNDING_ERROR) / (1 - ROUNDING_ERROR));
const LOG_MIDDLE = Math.log(2 / ((1 + ROUNDING_ERROR) / (1 - ROUNDING_ERROR) + 1));

export function createNumberSummary(): NumberSummary {
  return { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, counts: new Map(), rounded: false };
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
  const kept = summary.rounded ? roundNumber(value) : value;
  counts.set(kept, (counts.get(kept) ?? 0) + times);
  if (!summary.rounded && counts.size > MAX_EXACT_VALUES) roundSummary(summary);
}

/** Takes less room from now on. */
export function roundSummary(summary: NumberSummary): void {
  if (summary.rounded) return;
  const { counts } = summary;
  summary.rounded = true;
  summary.counts = new Map();
  for (const [value, times] of counts) addCount(summary, value, times);
}

export function mergeSummaries(into: NumberSummary, from: NumberSummary): void {
  if (from.rounded) roundSummary(into);
  into.count += from.count;
  into.sum += from.sum;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  for (const [value, times] of from.counts) addCount(into, value, times);
}

function roundNumber(value: number): number {
  if (value === 0) return 0;
  const power = Math.ceil(Math.log(Math.abs(value)) / LOG_FACTOR);
  const size = Math.exp(power * LOG_FACTOR + LOG_MIDDLE);
  return Math.sign(value) * Math.min(Math.max(size, Number.MIN_VALUE), Number.MAX_VALUE);
}

/** By nearest rank: of `shares` of all numbers, in ascending order, the smallest value that so many are no larger than. */
export function percentilesOf({ count, min, max, counts }: NumberSummary, shares: readonly number[]): number[] {
  const values = Float64Array.from(counts.keys()).sort();
  const found: number[] = [];
  let at = 0;
  let passed = counts.get(values[0] as number) ?? 0;
  for (const share of shares) {
    const rank = Math.max(1, Math.ceil(share * count));
    while (passed < rank && at + 1 < values.length) {
      at += 1;
      passed += counts.get(values[at] as number) as number;
    }
    // What was rounded may lie beyond all there was.
    found.push(Math.min(Math.max(values[at] as number, min), max));
  }
  return found;
}

/** A summary of some numbers as JSON can hold it; a sum may be infinite. */
export type PackedSummary = [count: number, sum: string, min: number, max: number, rounded: boolean, counts: number[]];

export function packSummary({ count, sum, min, max, rounded, counts }: NumberSummary): PackedSummary {
  return [count, String(sum), min, max, rounded, [...counts].flat()];
}

export function unpackSummary(packed: PackedSummary): NumberSummary {
  const [count, sum, min, max, rounded, flat] = packed;
  const counts = new Map<number, number>();
  for (let at = 0; at < flat.length; at += 2) counts.set(flat[at] as number, flat[at + 1] as number);
  return { count, sum: Number(sum), min, max, rounded, counts };
}
