import type { Database } from "bun:sqlite";
import type { KeptValues } from "../../../memory/read-cache.ts";
import { type BlockMeta, DENSE_VERSION } from "./block.ts";
import type { BlockReader } from "./block-reader.ts";
import { openDenseBlock } from "./dense-block-reader.ts";
import { openPlainBlock } from "./plain-block-reader.ts";
import { findRecent } from "./recent-blocks.ts";

/** Reads of a block what is asked for, once. With a `cache`, pages of texts that were read before are there to be had again. */
export function openBlock(database: Database, meta: BlockMeta, cache?: KeptValues): BlockReader {
  const recent = cache === undefined ? findRecent(database, meta.id) : undefined;
  const open = meta.version === DENSE_VERSION ? openDenseBlock : openPlainBlock;
  return recent ?? open(database, meta, cache);
}
