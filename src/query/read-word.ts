import { ANY_MANY, ANY_ONE, type TextCondition } from "./query.ts";
import { queryError } from "./query-error.ts";

/** A text that is read from left to right. */
export type Source = { readonly text: string; at: number };

export type Parts = TextCondition["parts"];

/** What a backslash takes its meaning from; before anything else a backslash is itself, as in C:\temp. */
const SPECIAL = /[\\:=<>~!()"*?/&|+\-[\]{}\s]/;
const BLANK = /\s/;

export function skipBlanks(source: Source): void {
  while (BLANK.test(source.text[source.at] ?? "")) source.at += 1;
}

/** Whether a word ends before the place: at the text's end, a blank, a parenthesis, && or ||. */
export function isWordEnd({ text }: Source, at: number): boolean {
  const character = text[at];
  if (character === undefined || character === "(" || character === ")" || BLANK.test(character)) return true;
  return (character === "&" || character === "|") && text[at + 1] === character;
}

/** Reads a word up to its end, or up to a character of `stops`; wildcards stand on their own, escaped characters for themselves. */
export function readWord(source: Source, stops: string): Parts {
  const { text } = source;
  const parts: Parts = [];
  let literal = "";
  const add = (part: typeof ANY_ONE | typeof ANY_MANY) => {
    if (literal !== "") parts.push(literal);
    literal = "";
    // Several stars in a row are one.
    if (part !== ANY_MANY || parts.at(-1) !== ANY_MANY) parts.push(part);
  };
  while (!isWordEnd(source, source.at)) {
    const character = text[source.at] as string;
    const next = text[source.at + 1];
    if (stops.includes(character) || (stops !== "" && character === "!" && next === "=")) break;
    source.at += 1;
    if (character === "\\" && next !== undefined && SPECIAL.test(next)) {
      literal += next;
      source.at += 1;
    } else if (character === "*") add(ANY_MANY);
    else if (character === "?") add(ANY_ONE);
    else literal += character;
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

/** Reads a "quoted text", in which `\"` is a quote and `\\` a backslash; the source stands at its opening quote. */
export function readQuoted(source: Source): string {
  const start = source.at;
  let quoted = "";
  for (source.at += 1; source.at < source.text.length; source.at += 1) {
    const character = source.text[source.at] as string;
    if (character === '"') {
      source.at += 1;
      return quoted;
    }
    const next = source.text[source.at + 1];
    if (character === "\\" && (next === '"' || next === "\\")) {
      quoted += next;
      source.at += 1;
    } else quoted += character;
  }
  throw queryError(start, "the quote is never closed");
}

/** The text of parts that have no wildcards; undefined where there are some. */
export function literalOf(parts: Parts): string | undefined {
  return parts.every((part) => typeof part === "string") ? parts.join("") : undefined;
}
