export const ON_FULL = ["fail", "block", "drop-oldest"] as const;

/** What happens to a batch for which there is no room: nothing more is taken, or it waits, or the oldest ones are given up. */
export type OnFull = (typeof ON_FULL)[number];

/** Where batches wait for a collector that is away, and how many may. */
export type SpoolPolicy = {
  /** The folder in which each spool has its own. */
  base: string;
  pid: number;
  /** Of what waits; refused records are kept up to the same size. */
  maxBytes: number;
  maxAgeMs: number | undefined;
  onFull: OnFull;
};

const MIN_SEGMENT_BYTES = 64 * 1024;
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;

/** Small enough that what is delivered gives its room back soon, and large enough that files are few. */
export function segmentBytesFor({ maxBytes }: SpoolPolicy): number {
  return Math.min(MAX_SEGMENT_BYTES, Math.max(MIN_SEGMENT_BYTES, Math.floor(maxBytes / 8)));
}
