import { bloomMayHold } from "./bloom.ts";
import type { DenseBlock, DenseText } from "./dense-block-reader.ts";
import { searchAttributes, searchMessages } from "./dense-search.ts";
import { occursInAttributes, occursInMessage, type Term } from "./text-match.ts";

/** False: no text of the block holds the term, as its filters tell. */
export function mayHoldTerm(term: Term, block: DenseBlock): boolean {
  const filter = block.bloom();
  if (term.denseHashes.every((hash) => bloomMayHold(filter, hash))) return true;
  return mayBeKept(term, block.messages()) || mayBeKept(term, block.attributes());
}

function mayBeKept({ hashes }: Term, { kept }: DenseText): boolean {
  for (let page = 0; page + 1 < kept.pageStarts.length; page += 1) {
    const filter = kept.bloom(page);
    if (hashes.every((hash) => bloomMayHold(filter, hash))) return true;
  }
  return false;
}

/** Sets `hits[row]` for each row of the block that holds the term, in its message or in the value of one attribute. */
export function findTerm(term: Term, block: DenseBlock, hits: Uint8Array): void {
  const { needle, jsonNeedle, hashes, startsWithWord, endsWithWord } = term;
  const whole = { folded: true, wholeStart: startsWithWord, wholeEnd: endsWithWord };
  const verify = (message: string) => occursInMessage(term, message);
  searchMessages({ needle: { text: needle, ...whole }, hashes, isEnough: true, verify }, block.messages(), hits);
  const verifyJson = (json: string) => occursInAttributes(term, json);
  searchAttributes(
    { needle: { text: jsonNeedle, ...whole }, hashes, isEnough: false, verify: verifyJson },
    block.attributes(),
    hits,
  );
}
