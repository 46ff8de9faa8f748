import type { Dropped, DropReason, Retention } from "../../retention.ts";
import type { BlockMeta } from "../block/block.ts";

/** Whole blocks to be dropped together, oldest first, and why. */
export type Drop = { blocks: BlockMeta[]; reason: DropReason };

/** So much goes at a time, so that whoever wants to write waits a moment at most. */
export const BLOCKS_A_DROP = 64;

export const BYTES_A_DROP = 2 * 1024 * 1024;

/** The first blocks, until they come to so many bytes; one at least. */
export function takeBytes(blocks: readonly BlockMeta[], bytes: number): BlockMeta[] {
  let sum = 0;
  const last = blocks.findIndex((block) => {
    sum += block.bytes;
    return sum >= bytes;
  });
  return blocks.slice(0, last < 0 ? blocks.length : last + 1).slice(0, BLOCKS_A_DROP);
}

/** What several drops come to, one entry a reason. */
export function addDrop(gathered: Map<DropReason, Dropped>, { blocks, reason }: Drop): void {
  for (const { rows, receivedMin, receivedMax } of blocks) {
    const sum = gathered.get(reason) ?? { reason, records: 0, receivedMin, receivedMax };
    sum.records += rows;
    sum.receivedMin = Math.min(sum.receivedMin, receivedMin);
    sum.receivedMax = Math.max(sum.receivedMax, receivedMax);
    gathered.set(reason, sum);
  }
}

/**
 * Which blocks are too old, undefined where none are: once its newest record is, by the time of receipt, so that a record that
 * arrives a week late is not dropped at once. `past` are blocks in the order of their ids, without those that were received in the
 * future by a clock that was wrong. What came behind a block that is kept is kept too, whatever its time says: where it says that
 * it came before, the clock was wrong, and the order of the ids is not.
 */
export function planAgeDrop(
  past: readonly BlockMeta[],
  { maxAgeMs = Number.POSITIVE_INFINITY }: Retention,
  nowMs: number,
): Drop | undefined {
  const kept = past.findIndex(({ receivedMax }) => receivedMax >= nowMs - maxAgeMs);
  const tooOld = kept < 0 ? past : past.slice(0, kept);
  return tooOld.length === 0 ? undefined : { blocks: takeBytes(tooOld, BYTES_A_DROP), reason: "age" };
}

/**
 * Which of the oldest blocks to drop where the size is too large, undefined where it is not: as many as come to what is too much.
 * `oldest` are blocks in the order of their ids.
 */
export function planSizeDrop(
  oldest: readonly BlockMeta[],
  { maxBytes = Number.POSITIVE_INFINITY }: Retention,
  usedBytes: number,
): Drop | undefined {
  if (usedBytes <= maxBytes || oldest.length === 0) return undefined;
  return { blocks: takeBytes(oldest, Math.min(BYTES_A_DROP, usedBytes - maxBytes)), reason: "size" };
}
