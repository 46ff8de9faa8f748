import type { RegexPattern } from "../../../query/query.ts";
import { classOfUnit, foldCase, IN_WORD } from "../index/words.ts";
import { type QueryHashes, queryHashes } from "./query-hashes.ts";

/**
 * The hashes of words that a text must hold if the pattern matches it: those that stand whole in what must occur. Where
 * case does not count an s may also be the long s, which in words is another letter.
 */
export function literalHashes({ literals, ignoreCase }: RegexPattern): QueryHashes {
  const words = literals.flatMap((literal) => wholeWordsOf(literal));
  const sure = ignoreCase ? words.filter((word) => !word.includes("s")) : words;
  return queryHashes(sure.map(foldCase));
}

/** The words between the first and the last separator of the literal: those at its ends may be parts of longer ones. */
function wholeWordsOf(literal: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let at = 0; at < literal.length; at += 1) {
    if (classOfUnit(literal.charCodeAt(at)) === IN_WORD) continue;
    if (start >= 0 && at > start) words.push(literal.slice(start, at));
    start = at + 1;
  }
  return words;
}
