import type { Database } from "bun:sqlite";
import type { DamagedBlock, NoteDamage } from "../../damage.ts";
import { type BlockMeta, DENSE_VERSION, type EncodedBlock } from "../block/block.ts";
import { listBlocks } from "../block/block-catalog.ts";
import { damageOf } from "../block/block-damage.ts";
import { FULL_CHARACTERS, FULL_ROWS, isFull, type Sizes } from "../block/block-size.ts";
import { encodeDenseBlock } from "../block/dense-block.ts";
import { mergeBlocks } from "../block/merge-blocks.ts";
import { openBlock } from "../block/open-block.ts";
import { encodeBlock } from "../block/plain-block.ts";

/** So many neighbours of about one size, the largest weighing up to twice the mean, become one block. */
const FAN_IN = 32;
/** While nothing else is to be done it may be fewer: each record is then rewritten more often. */
const THOROUGH_FAN_IN = 8;
/** Then, too, neighbours become one dense block as soon as one record in so many is in none yet: what is not costs each search far more. */
const THOROUGH_REWRITES = 8;
/** Below this many rows a block is kept in one piece, without a Bloom filter: reading it whole is as quick. */
const MIN_PARTED_ROWS = 1024;
/** From so many rows on a block is worth taking its texts apart. */
const MIN_DENSE_ROWS = 16_384;

export type PlanOptions = {
  thorough?: boolean;
  /** The ids of blocks that were found damaged. */
  damaged?: ReadonlySet<number>;
  /** What goes into a merge may come to, in bytes as stored: a block is dropped as a whole, and must not be all there is. */
  mostBytes?: number | undefined;
};

function sumUp(blocks: readonly Sizes[]): Sizes {
  const sum = { rows: 0, characters: 0 };
  for (const { rows, characters } of blocks) {
    sum.rows += rows;
    sum.characters += characters;
  }
  return sum;
}

/** What a block costs to be rewritten; a full one of rows alone costs as much as a full one of text alone. */
function weightOf({ rows, characters }: Sizes): number {
  return rows * (FULL_CHARACTERS / FULL_ROWS) + characters;
}

/** Has its final form as well: nothing is to be done with it any more. */
function isFinal(meta: BlockMeta): boolean {
  return meta.version === DENSE_VERSION || meta.rows < MIN_DENSE_ROWS;
}

/**
 * Which neighbouring blocks to merge next, oldest first; empty when there is nothing to do. Blocks between which records are
 * missing are no neighbours, since the ids of a block are consecutive, and none of the `damaged` is chosen. `metas` are all blocks in
 * the order of their ids. A merge makes a block many times as large as the largest that goes into it, so that a record is
 * rewritten a few times at most; the more blocks there are, the less that need be, so that they stay few whatever their sizes.
 */
export function planCompaction(
  metas: BlockMeta[],
  { thorough = false, damaged = new Set<number>(), mostBytes = Number.POSITIVE_INFINITY }: PlanOptions = {},
): BlockMeta[] {
  const isLeft = (meta: BlockMeta) => meta.damaged === true || damaged.has(meta.id);
  let start = 0;
  for (let i = 0; i <= metas.length; i += 1) {
    const meta = metas[i];
    const isWall = meta === undefined || isFull(meta) || isLeft(meta) || meta.bytes > mostBytes / 2;
    const follows = i === start || metas[i - 1]?.lastId === (meta?.firstId ?? 0) - 1;
    if (!isWall && follows) continue;
    const run = metas.slice(start, i);
    // What lies between full blocks comes to no more: it is merged as it is.
    const chosen = meta === undefined ? planRun(run, thorough) : run.length > 1 ? untilFull(run) : [];
    if (chosen.length > 0) return withinBytes(chosen, mostBytes);
    // One that a very large request has filled was written as it came.
    if (isWall && meta !== undefined && !isLeft(meta) && !isFinal(meta)) return [meta];
    start = isWall ? i + 1 : i;
  }
  return [];
}

/** As many blocks from the first on as come to no more; none of them is larger than half of it. */
function withinBytes(run: BlockMeta[], mostBytes: number): BlockMeta[] {
  let sum = 0;
  const end = run.findIndex(({ bytes }) => {
    sum += bytes;
    return sum > mostBytes;
  });
  return end < 0 ? run : run.slice(0, end);
}

/** As many blocks from the first on as make a full one, or all. */
function untilFull(run: BlockMeta[]): BlockMeta[] {
  const sum = { rows: 0, characters: 0 };
  const end = run.findIndex((meta, index) => {
    sum.rows += meta.rows;
    sum.characters += meta.characters;
    return index > 0 && isFull(sum);
  });
  return end < 0 ? run : run.slice(0, end + 1);
}

/** What to merge of the newest blocks, none of which is full. */
function planRun(run: BlockMeta[], thorough: boolean): BlockMeta[] {
  const sizes = sumUp(run);
  if (run.length > 1 && isFull(sizes)) return untilFull(run);
  if (thorough && sizes.rows >= MIN_DENSE_ROWS) {
    const plain = sumUp(run.filter(({ version }) => version !== DENSE_VERSION));
    if (weightOf(plain) * THOROUGH_REWRITES >= weightOf(sizes)) return run;
  }
  const fanIn = thorough ? THOROUGH_FAN_IN : FAN_IN;
  let weight = 0;
  let largest = 0;
  for (let from = run.length - 1; from >= 0; from -= 1) {
    const added = weightOf(run[from] as BlockMeta);
    weight += added;
    largest = Math.max(largest, added);
    if (weight * (run.length - from) * 2 < largest * fanIn * fanIn) continue;
    // Those of about the same size that come before are taken along.
    while (from > 0 && weightOf(run[from - 1] as BlockMeta) <= largest * 2) from -= 1;
    return run.slice(from);
  }
  return [];
}

export type Merge = {
  replaced: BlockMeta[];
  block: EncodedBlock;
  /** How many blocks that are not full there were. */
  small: number;
};

export type CompactionOptions = PlanOptions & {
  /** Added to. */
  damaged: Set<number>;
  note: NoteDamage;
};

/**
 * Reads the blocks to merge next and makes one of them; undefined when there is nothing to do. What turns out damaged is noted,
 * and left as it is.
 */
export function compactOnce(database: Database, options: CompactionOptions): Merge | undefined {
  const { damaged, note } = options;
  const metas = listBlocks(database);
  for (;;) {
    const replaced = planCompaction(metas, options);
    if (replaced.length === 0) return undefined;
    try {
      return merge(database, metas, replaced);
    } catch (error) {
      const found = replaced.flatMap((meta) => findDamage(database, meta) ?? []);
      if (found.length === 0) throw error;
      for (const block of found) {
        damaged.add(block.id);
        note(block);
      }
    }
  }
}

/** Reads all of a block; what is damaged about it, if anything is. */
function findDamage(database: Database, meta: BlockMeta): DamagedBlock | undefined {
  try {
    mergeBlocks([openBlock(database, meta)]);
    return undefined;
  } catch (error) {
    return damageOf(meta, error);
  }
}

function merge(database: Database, metas: BlockMeta[], replaced: BlockMeta[]): Merge {
  const rows = mergeBlocks(replaced.map((meta) => openBlock(database, meta)));
  const small = metas.filter((meta) => !isFull(meta)).length;
  if (rows.rows >= MIN_DENSE_ROWS) return { replaced, block: encodeDenseBlock(rows), small };
  const parted = rows.rows >= MIN_PARTED_ROWS;
  return { replaced, block: encodeBlock(rows, { blooms: parted, bundle: !parted }), small };
}
