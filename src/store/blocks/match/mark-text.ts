import type { BlockReader, DenseBlock, PageText } from "../block/block-reader.ts";
import type { TextLeaf } from "../compile/query-node.ts";
import { occursInAttributes, occursInMessage } from "../compile/term.ts";
import { markTemplates, searchAttributes, searchMessages } from "./dense-search.ts";
import { findInAscii } from "./find-in-ascii.ts";
import { foldedPage } from "./folded-page.ts";
import { markAttributes, markMessages } from "./mark-term.ts";

/** Sets `hits[row]` for each row of the page in which the text occurs. */
export function markText(leaf: TextLeaf, block: BlockReader, page: number, hits: Uint8Array): void {
  const { inAttributes, term } = leaf;
  const { dense } = block;
  if (dense !== undefined) {
    const { from, to } = block.pageRange(page);
    return hits.set(dense.hits(leaf, (found) => findText(leaf, dense, found)).subarray(from, to));
  }
  const messages = block.messages(page);
  if (mayOccur(term.needle, messages)) markMessages(term, foldedPage(messages), messages, hits);
  if (!inAttributes) return;
  const attributes = block.attributes(page);
  if (mayOccur(term.jsonNeedle, attributes)) markAttributes(term, foldedPage(attributes), attributes, hits);
}

function mayOccur(needle: string, { text, isAscii }: PageText): boolean {
  return !isAscii || findInAscii(needle, text, 0) >= 0;
}

/** Sets `hits[row]` for each row of the block in which the text occurs. */
export function findText(leaf: TextLeaf, block: DenseBlock, hits: Uint8Array): void {
  markTemplates(findTextByTemplate(leaf, block, hits), block, hits);
}

/** The same, but that it gives templates whose messages all have it as `searchMessages` does. */
export function findTextByTemplate(
  { inAttributes, term }: TextLeaf,
  block: DenseBlock,
  hits: Uint8Array,
): Uint8Array | undefined {
  const { needle, jsonNeedle, hashes, grams, jsonGrams, glob } = term;
  // With wildcards the needle is a part of the text, and words may go on around it.
  const [wholeStart, wholeEnd] = glob === undefined ? [term.startsWithWord, term.endsWithWord] : [false, false];
  const inMessage = { text: needle, folded: true, wholeStart, wholeEnd };
  const search = { isEnough: glob === undefined, passesInParts: false, passesInPhrases: true };
  const verifyMessage = (message: string) => occursInMessage(term, message);
  const inMessages = { ...search, needles: [inMessage], required: { hashes, grams }, verify: verifyMessage };
  const whole = searchMessages(inMessages, block, hits);
  if (!inAttributes) return whole;
  const inJson = { ...inMessage, text: jsonNeedle };
  const verifyJson = (json: string) => occursInAttributes(term, json);
  searchAttributes({ needle: inJson, required: { hashes, grams: jsonGrams }, verify: verifyJson }, block, hits);
  return whole;
}
