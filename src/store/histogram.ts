/** How often something took how long, in seconds. */
export type Histogram = {
  /** The upper bounds of the buckets, ascending; beyond the last there is one more. */
  bounds: readonly number[];
  /** How many fell into each bucket alone. */
  counts: number[];
  sum: number;
};

export function createHistogram(bounds: readonly number[]): Histogram {
  return { bounds, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
}

export function observe(histogram: Histogram, value: number): void {
  const { bounds, counts } = histogram;
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
  counts[bucket] = (counts[bucket] as number) + 1;
  histogram.sum += value;
}
