import type { DenseBlock } from "../block/block-reader.ts";
import type { QueryHashes } from "../compile/query-hashes.ts";
import { bloomMayHold } from "../index/bloom.ts";
import { filterMayHold, type QueryGrams } from "../index/gram-filter.ts";

/** What must be in a text: words and grams. */
export type Required = { hashes: QueryHashes; grams: QueryGrams };

/** Which of a block's two texts. */
export type WhichText = "messages" | "attributes";

/** False: what is required is in no such text of the block, as its filters tell. */
export function blockMayHold(required: Required, block: DenseBlock, which: WhichText): boolean {
  if (templatedMayHold(required, block, which)) return true;
  const pages = block.blooms()[which].length;
  for (let page = 0; page < pages; page += 1) if (keptPageMayHold(required, block, which, page)) return true;
  return false;
}

/** False: it is not in texts that are taken apart. */
export function templatedMayHold({ hashes, grams }: Required, block: DenseBlock, which: WhichText): boolean {
  const filter = block.grams()?.[which].templated;
  return (filter === undefined || filterMayHold(filter, grams.letters)) && bloomHoldsAll(block.blooms().templated, hashes.dense);
}

/** False: it is not on a page of texts that are kept as they are. */
export function keptPageMayHold({ hashes, grams }: Required, block: DenseBlock, which: WhichText, page: number): boolean {
  const filter = block.grams()?.[which].pages[page];
  if (filter !== undefined && !filterMayHold(filter, grams.all)) return false;
  return bloomHoldsAll(block.blooms()[which][page] as Uint8Array, hashes.words);
}

function bloomHoldsAll(bloom: Uint8Array, hashes: readonly number[]): boolean {
  for (let i = 0; i < hashes.length; i += 1) if (!bloomMayHold(bloom, hashes[i] as number)) return false;
  return true;
}
