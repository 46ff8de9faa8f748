import type { Database } from "bun:sqlite";
import { type BlockMeta, type EncodedBlock, encodeBlock } from "./block.ts";
import { openBlock } from "./block-reader.ts";
import { listBlocks } from "./database.ts";
import { mergeBlocks } from "./merge-blocks.ts";

/** A block with this many rows, or this much text, has its final size. */
export const FULL_ROWS = 65_536;
export const FULL_CHARACTERS = 16 * 1024 * 1024;
/** So many neighbours of one level become one block of the next. */
const FAN_IN = 32;
/** Below this many rows a block is kept in one piece, without a Bloom filter: reading it whole is as quick. */
const MIN_PARTED_ROWS = 1024;

/** 0 for a few rows, one more for each factor of FAN_IN. */
function levelOf(rows: number): number {
  return Math.floor(Math.log(rows) / Math.log(FAN_IN));
}

function isFull(meta: Pick<BlockMeta, "rows" | "characters">): boolean {
  return meta.rows >= FULL_ROWS || meta.characters >= FULL_CHARACTERS;
}

/**
 * Which neighbouring blocks to merge next, oldest first; empty when there is nothing to do. `metas` are all blocks in
 * the order of their ids. Each record is rewritten at most once a level, and no more than about FAN_IN blocks of a
 * level stay, whatever the sizes in which records arrive.
 */
export function planCompaction(metas: BlockMeta[]): BlockMeta[] {
  let start = 0;
  for (let i = 0; i <= metas.length; i += 1) {
    const meta = metas[i];
    if (meta !== undefined && !isFull(meta)) continue;
    const chosen = planRun(metas.slice(start, i));
    if (chosen.length > 0) return chosen;
    start = i + 1;
  }
  return [];
}

/** What to merge of a run of neighbours none of which is full. */
function planRun(run: BlockMeta[]): BlockMeta[] {
  const sum = { rows: 0, characters: 0 };
  for (const [index, meta] of run.entries()) {
    sum.rows += meta.rows;
    sum.characters += meta.characters;
    if (index > 0 && isFull(sum)) return run.slice(0, index + 1);
  }
  for (let level = 0; level <= levelOf(FULL_ROWS); level += 1) {
    let from = run.length;
    while (from > 0 && levelOf((run[from - 1] as BlockMeta).rows) <= level) from -= 1;
    if (run.length - from >= FAN_IN) return run.slice(from);
  }
  return [];
}

export type Merge = {
  replaced: BlockMeta[];
  block: EncodedBlock;
  /** How many blocks that are not full there were. */
  small: number;
};

/** Reads the blocks to merge next and makes one of them; undefined when there is nothing to do. */
export function compactOnce(database: Database): Merge | undefined {
  const metas = listBlocks(database, "1", [], "first_id ASC");
  const replaced = planCompaction(metas);
  if (replaced.length === 0) return undefined;
  const rows = mergeBlocks(replaced.map((meta) => openBlock(database, meta)));
  const parted = rows.rows >= MIN_PARTED_ROWS;
  const small = metas.filter((meta) => !isFull(meta)).length;
  return { replaced, block: encodeBlock(rows, { blooms: parted, bundle: !parted }), small };
}
