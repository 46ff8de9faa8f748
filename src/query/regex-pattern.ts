import { RE2JS } from "re2js";
import { parseRegex } from "./parse-regex.ts";
import type { RegexPattern } from "./query.ts";
import { queryError } from "./query-error.ts";
import { literalsOf } from "./regex-literals.ts";
import { stepsOf } from "./regex-steps.ts";
import type { RegexNode } from "./regex-tree.ts";
import { writeRegex } from "./write-regex.ts";

/**
 * Reads a regular expression and finds out what there is to know for running it: how it is written for each engine, what
 * must occur in a text before it is worth a try, and how many steps the built-in engine may take. The built-in engine gives
 * up on hard cases and says that nothing matches: it must never meet one. Throws `invalid_query`; positions start at `offset`.
 */
export function readPattern(source: string, ignoreCase: boolean, offset = 0, name = "q"): RegexPattern {
  const tree: RegexNode = parseRegex(source.toWellFormed(), offset, name);
  const builtin = writeRegex(tree, "builtin");
  const linear = writeRegex(tree, "linear");
  try {
    new RegExp(builtin, "u");
    RE2JS.compile(linear);
  } catch (error) {
    throw queryError(offset, `the regular expression cannot be used: ${(error as Error).message}`, name);
  }
  return { source, ignoreCase, builtin, linear, literals: literalsOf(tree, ignoreCase), ...stepsOf(tree) };
}
