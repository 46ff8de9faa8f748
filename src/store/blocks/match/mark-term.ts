import type { PageText } from "../block/block-reader.ts";
import { globOccurs } from "../compile/glob.ts";
import { occursInValues, standsAt, type Term } from "../compile/term.ts";

/** Sets `hits[row]` for each row of a page of messages (`folded` is its text, folded) in which the term occurs. */
export function markMessages(term: Term, folded: string, page: PageText, hits: Uint8Array): void {
  let row = 0;
  let at = folded.indexOf(term.needle);
  if (at < 0) return;
  const offsets = page.offsets();
  while (at >= 0) {
    while ((offsets[row + 1] as number) <= at) row += 1;
    const end = offsets[row + 1] as number;
    if (term.glob !== undefined) {
      if (globOccurs(term.glob, folded, offsets[row] as number, end)) hits[row] = 1;
      at = folded.indexOf(term.needle, end);
    } else if (standsAt(term, folded, at, offsets[row] as number, end)) {
      hits[row] = 1;
      at = folded.indexOf(term.needle, end);
    } else {
      at = folded.indexOf(term.needle, at + 1);
    }
  }
}

/**
 * Sets `hits[row]` for each row of a page of attributes in which the term occurs in one value. The JSON text is
 * searched whole; only rows in which the needle shows up somewhere, perhaps in a key, are read to make sure.
 */
export function markAttributes(term: Term, folded: string, page: PageText, hits: Uint8Array): void {
  let row = 0;
  let at = folded.indexOf(term.jsonNeedle);
  if (at < 0) return;
  const offsets = page.offsets();
  while (at >= 0) {
    while ((offsets[row + 1] as number) <= at) row += 1;
    const end = offsets[row + 1] as number;
    if (hits[row] !== 1 && at + term.jsonNeedle.length <= end) {
      if (occursInValues(term, folded.slice(offsets[row], end))) hits[row] = 1;
    }
    at = folded.indexOf(term.jsonNeedle, end);
  }
}
