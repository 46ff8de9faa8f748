import type { BlockReader, DenseBlock } from "../block/block-reader.ts";
import type { MessageLeaf } from "../compile/query-node.ts";
import { markTemplates, searchMessages } from "./dense-search.ts";
import { foldedPage } from "./folded-page.ts";

/** In any case an s, though in lower case none: a page that has it is not searched for a literal in lower case. */
export const LONG_S = "ſ";

/**
 * Sets `hits[row]` for each row of the page that is alive and whose message passes. Where a literal must occur the page is
 * searched for it whole, and only rows that have it are tested.
 */
export function markMessage(leaf: MessageLeaf, block: BlockReader, page: number, hits: Uint8Array, alive: Uint8Array): void {
  const { accepts, literal, folded } = leaf;
  const { dense } = block;
  if (dense !== undefined && leaf.needles.length > 0) {
    const { from, to } = block.pageRange(page);
    const find = (found: Uint8Array) => markTemplates(findMessagesByTemplate(leaf, dense, found), dense, found);
    return hits.set(dense.hits(leaf, find).subarray(from, to));
  }
  const messages = block.messages(page);
  const { text } = messages;
  const haystack = folded && literal !== "" ? foldedPage(messages) : text;
  if (literal === "" || (folded && haystack.includes(LONG_S))) {
    const offsets = messages.offsets();
    for (let row = 0; row < hits.length; row += 1) {
      if (alive[row] === 1 && accepts(text.slice(offsets[row], offsets[row + 1]))) hits[row] = 1;
    }
    return;
  }
  let at = haystack.indexOf(literal);
  if (at < 0) return;
  const offsets = messages.offsets();
  for (let row = 0; at >= 0; ) {
    while ((offsets[row + 1] as number) <= at) row += 1;
    const end = offsets[row + 1] as number;
    if (at + literal.length > end) {
      // From this row into the next one.
      at = haystack.indexOf(literal, at + 1);
      continue;
    }
    if (alive[row] === 1 && accepts(text.slice(offsets[row], end))) hits[row] = 1;
    at = haystack.indexOf(literal, end);
  }
}

/** What `searchMessages` gives for a test with needles. */
export function findMessagesByTemplate(leaf: MessageLeaf, block: DenseBlock, hits: Uint8Array): Uint8Array | undefined {
  const { needles, hashes, grams, passesInParts, accepts } = leaf;
  const search = { isEnough: false, passesInParts, passesInPhrases: passesInParts };
  return searchMessages({ ...search, needles, required: { hashes, grams }, verify: accepts }, block, hits);
}
