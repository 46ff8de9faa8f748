import type { DenseBlock } from "./block-reader.ts";
import { bloomMayHold } from "./bloom.ts";
import { searchAttributes, searchMessages } from "./dense-search.ts";
import { occursInAttributes, occursInMessage, type Term } from "./text-match.ts";

/** False: no text of the block holds the term, as its filters tell. */
export function mayHoldTerm({ hashes, denseHashes }: Term, block: DenseBlock): boolean {
  const { templated, messages, attributes } = block.blooms();
  const holdsAll = (filter: Uint8Array) => hashes.every((hash) => bloomMayHold(filter, hash));
  return denseHashes.every((hash) => bloomMayHold(templated, hash)) || messages.some(holdsAll) || attributes.some(holdsAll);
}

/** Sets `hits[row]` for each row of the block that holds the term, in its message or in the value of one attribute. */
export function findTerm(term: Term, block: DenseBlock, hits: Uint8Array): void {
  const { needle, jsonNeedle, hashes, denseHashes } = term;
  const { templated } = block.blooms();
  const inTemplates = denseHashes.every((hash) => bloomMayHold(templated, hash));
  const whole = { folded: true, wholeStart: term.startsWithWord, wholeEnd: term.endsWithWord };
  const inMessage = { needle: { text: needle, ...whole }, hashes, inTemplates, isEnough: true };
  searchMessages({ ...inMessage, verify: (message) => occursInMessage(term, message) }, block.messages(), hits);
  const inAttributes = { needle: { text: jsonNeedle, ...whole }, hashes, inTemplates, isEnough: false };
  searchAttributes({ ...inAttributes, verify: (json) => occursInAttributes(term, json) }, block.attributes(), hits);
}
