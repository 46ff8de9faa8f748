import { readPattern } from "./regex-pattern.ts";

/**
 * A query for what `q` finds, if there is one, and whose message a regular expression matches; as in journalctl in any case
 * where it has no upper-case letter. Throws `invalid_query` with the position in the expression, named as `flag`.
 */
export function addPattern(q: string | undefined, regex: string, flag: string): string {
  readPattern(regex, false, 0, flag);
  const hasUpperCase = /\p{Lu}/u.test(regex.replace(/\\(?:[pP]\{\w*\}|.)/gu, ""));
  const escaped = regex.replace(/\\.|\//gs, (found) => (found === "/" ? "\\/" : found));
  return `/${escaped}/${hasUpperCase ? "" : "i"}${q === undefined ? "" : ` (${q})`}`;
}
