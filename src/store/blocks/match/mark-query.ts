import type { BlockReader } from "../block/block-reader.ts";
import { MANY } from "../compile/join-alternatives.ts";
import type { QueryHashes } from "../compile/query-hashes.ts";
import type { AttributeLeaf, ManyLeaf, QueryNode } from "../compile/query-node.ts";
import { bloomMayHold } from "../index/bloom.ts";
import { queryGrams } from "../index/gram-filter.ts";
import { blockMayHold } from "./dense-filters.ts";
import { markAtOnce } from "./mark-at-once.ts";
import { markAttribute } from "./mark-attribute.ts";
import { markColumn } from "./mark-column.ts";
import { LONG_S, markMessage } from "./mark-message.ts";
import { markText } from "./mark-text.ts";

/** A number in an attribute may be read as it was not written, such as 1e3 as 1000. */
const NO_GRAMS = queryGrams([]);

/**
 * Sets `hits[row]` to 1 for each row of the page that is `alive` and matches, and leaves it at 0 for each that is alive and
 * does not. What becomes of the others is not said. `hits` is all 0 at first. Of several conditions each looks only for
 * rows that the ones before it left undecided, and none is looked at when there are no more.
 */
export function markQuery(node: QueryNode, block: BlockReader, page: number, hits: Uint8Array, alive: Uint8Array): void {
  if (!pageMayHold(node, block, page)) return;
  switch (node.type) {
    case "all":
      hits.fill(1);
      return;
    case "none":
      return;
    case "and":
      return markEvery(node.parts, block, page, hits, alive);
    case "or":
      return markSome(node.parts, block, page, hits, alive);
    case "not":
      markQuery(node.part, block, page, hits, alive);
      for (let row = 0; row < hits.length; row += 1) hits[row] = 1 - (hits[row] as number);
      return;
    case "text":
      return markText(node, block, page, hits);
    case "message":
      return markMessage(node, block, page, hits, alive);
    case "attribute":
      return markAttribute(node, block, page, hits);
    case "many":
      return markMany(node, block, page, hits, alive);
    default:
      return markColumn(node, block, page, hits);
  }
}

function markEvery(parts: QueryNode[], block: BlockReader, page: number, hits: Uint8Array, alive: Uint8Array): void {
  const left = alive.slice();
  for (const part of parts) {
    const found = new Uint8Array(hits.length);
    markQuery(part, block, page, found, left);
    for (let row = 0; row < left.length; row += 1) left[row] = (left[row] as number) & (found[row] as number);
    if (!left.includes(1)) return;
  }
  hits.set(left);
}

function markSome(parts: QueryNode[], block: BlockReader, page: number, hits: Uint8Array, alive: Uint8Array): void {
  const left = alive.slice();
  for (const part of parts) {
    const found = new Uint8Array(hits.length);
    markQuery(part, block, page, found, left);
    for (let row = 0; row < left.length; row += 1) {
      if (left[row] === 0 || found[row] === 0) continue;
      hits[row] = 1;
      left[row] = 0;
    }
    if (!left.includes(1)) return;
  }
}

/** False: no row of the page can match, as its filters tell. Those of a dense block are for all of its pages, but it knows where hits were found. */
export function pageMayHold(node: QueryNode, block: BlockReader, page: number): boolean {
  switch (node.type) {
    case "and":
      return node.parts.every((part) => pageMayHold(part, block, page));
    case "or":
      return node.parts.some((part) => pageMayHold(part, block, page));
    case "text": {
      const { hashes, grams, jsonGrams } = node.term;
      if (block.dense === undefined) return bloomHolds(hashes, block, page);
      if (!block.dense.mayHit(node, page)) return false;
      if (blockMayHold({ hashes, grams }, block.dense, "messages")) return true;
      return node.inAttributes && blockMayHold({ hashes, grams: jsonGrams }, block.dense, "attributes");
    }
    case "message":
      if (block.dense === undefined) return bloomHolds(node.hashes, block, page);
      return block.dense.mayHit(node, page) && blockMayHold(node, block.dense, "messages");
    case "attribute":
      return node.alternatives.some((hashes) => attributesMayHold(node, hashes, block, page));
    case "many":
      return node.parts.some((part) => pageMayHold(part, block, page));
    default:
      return node.type !== "none";
  }
}

function attributesMayHold(node: AttributeLeaf, hashes: QueryHashes, block: BlockReader, page: number): boolean {
  if (block.dense === undefined) return bloomHolds(hashes, block, page);
  return block.dense.mayHit(node, page) && blockMayHold({ hashes, grams: NO_GRAMS }, block.dense, "attributes");
}

/** Those that may be on the page, one by one where they are few: they need not read all of it. */
function markMany(node: ManyLeaf, block: BlockReader, page: number, hits: Uint8Array, alive: Uint8Array): void {
  const parts = node.parts.filter((part) => pageMayHold(part, block, page));
  if (parts.length < MANY) return markSome(parts, block, page, hits, alive);
  // In lower case the long s is no s, of which nothing that is looked for in any case says where it is.
  const folded = node.parts.filter((part) => part.type === "message" && part.folded);
  if (folded.length > 0 && block.messages(page).text.includes(LONG_S)) return markSome(parts, block, page, hits, alive);
  markAtOnce(node, block, page, hits, alive);
}

function bloomHolds(hashes: QueryHashes, block: BlockReader, page: number): boolean {
  const bloom = hashes.words.length === 0 ? undefined : block.bloom(page);
  return bloom === undefined || hashes.words.every((hash) => bloomMayHold(bloom, hash));
}
