import type { BlockMeta } from "./block.ts";

/** A block with this many rows, or this much text, has its final size. */
export const FULL_ROWS = 65_536;

export const FULL_CHARACTERS = 16 * 1024 * 1024;

export type Sizes = Pick<BlockMeta, "rows" | "characters">;

export function isFull(meta: Sizes): boolean {
  return meta.rows >= FULL_ROWS || meta.characters >= FULL_CHARACTERS;
}
