import { queryGrams } from "../index/gram-filter.ts";
import { foldCase } from "../index/words.ts";
import type { MessageLeaf } from "./query-node.ts";

/** Shorter ones are nearly everywhere. */
const MIN_OTHER_LENGTH = 2;

type Tested = Omit<MessageLeaf, "type" | "literal" | "needles" | "grams">;

/** A test of messages in each of which all the `literals` occur; the longest comes first. */
export function messageLeaf(literals: readonly string[], tested: Tested): MessageLeaf {
  const sure = tested.folded ? partsWithoutS(literals) : literals;
  const needles = sure
    .filter((text, at) => at === 0 || text.length >= MIN_OTHER_LENGTH)
    .map((text) => ({ text, folded: tested.folded, wholeStart: false, wholeEnd: false }));
  return { type: "message", literal: literals[0] ?? "", needles, grams: queryGrams(literals.map(foldCase)), ...tested };
}

/** The longest text that occurs, folded, in each folded text that has all the `literals`; may be empty. */
export function foldedLiteral(literals: readonly string[], ignoreCase: boolean): string {
  return foldCase((ignoreCase ? partsWithoutS(literals) : literals)[0] ?? "");
}

/** In the place of an s there may be the long s, which is none in lower case: what is sure to occur is what stands between. */
function partsWithoutS(literals: readonly string[]): string[] {
  const parts = literals.flatMap((literal) => literal.split("s")).filter((part) => part !== "");
  return parts.sort((a, b) => b.length - a.length);
}
