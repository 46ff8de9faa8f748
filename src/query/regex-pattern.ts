import { parseRegex } from "./parse-regex.ts";
import type { RegexPattern } from "./query.ts";
import { literalsOf } from "./regex-literals.ts";
import { stepsOf } from "./regex-steps.ts";
import { usesPlaces } from "./regex-tree.ts";
import { writeRegex } from "./write-regex.ts";

/**
 * Reads a regular expression and finds out what there is to know for running it: how it is written for each engine, what
 * must occur in a text before it is worth a try, and how many steps the built-in engine may take. The built-in engine gives
 * up on hard cases and says that nothing matches: it must never meet one. Throws `invalid_query`; positions start at `offset`.
 */
export function readPattern(source: string, ignoreCase: boolean, offset = 0, name = "q"): RegexPattern {
  const tree = parseRegex(source.toWellFormed(), ignoreCase, offset, name);
  const builtin = writeRegex(tree, "builtin");
  const linear = writeRegex(tree, "linear");
  return {
    source,
    ignoreCase,
    builtin,
    linear,
    literals: literalsOf(tree, ignoreCase),
    usesPlaces: usesPlaces(tree),
    ...stepsOf(tree),
  };
}
