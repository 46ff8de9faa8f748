import { RE2JS } from "re2js";
import type { RegexPattern } from "../../../query/query.ts";

/** About what the built-in engine does in some milliseconds: far from the number at which it gives up and finds nothing. */
const MAX_BUILTIN_STEPS = 1_000_000;

/**
 * A test whether the pattern matches somewhere in a text. The built-in engine has the texts over which it cannot take long;
 * all others are for re2js, whose time grows with the length and no faster.
 */
export function compileRegex({ builtin, linear, ignoreCase, factor, power }: RegexPattern): (text: string) => boolean {
  const quick = new RegExp(builtin, ignoreCase ? "iu" : "u");
  let steady: RE2JS | undefined;
  return (text) => {
    // Of infinite steps over no text there is no number: false too.
    if (factor * text.length ** power <= MAX_BUILTIN_STEPS) return quick.test(text);
    steady ??= RE2JS.compile(linear, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return steady.test(text);
  };
}
