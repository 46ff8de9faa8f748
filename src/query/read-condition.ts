import { compare, describesField, findText, match, type Place } from "./make-condition.ts";
import { ANY_MANY, type Comparison, type Query } from "./query.ts";
import { queryError } from "./query-error.ts";
import { isWordEnd, literalOf, readQuoted, readWord, type Source } from "./read-word.ts";
import { readPattern } from "./regex-pattern.ts";

type Operator = ":" | "~" | "!=" | Comparison;

/** What ends a field's name. */
const OPERATOR_CHARACTERS = ":=<>~";

/**
 * Reads one condition: a word, a phrase, /a regular expression/, or a field with an operator and a value. Where `field`
 * is given the conditions are about it, as in `field:(...)`; `readGroup` reads such a group.
 */
export function readCondition(source: Source, field: string | undefined, readGroup: (field: string) => Query): Query {
  const start = source.at;
  if (field !== undefined) return readAboutField(source, { field, at: start }, readOperator(source) ?? ":", readGroup);
  if (source.text[start] === "/") return match(undefined, readRegex(source, start), start);
  const isQuoted = source.text[start] === '"';
  const parts = isQuoted ? [readQuoted(source)] : readWord(source, OPERATOR_CHARACTERS);
  const operator = readOperator(source);
  if (operator === undefined) return findText(undefined, parts, start);
  const name = literalOf(parts);
  if (!isQuoted && parts.length === 0) {
    throw queryError(start, `expected a field before '${operator}'; text with '${operator}' goes in quotes`);
  }
  if (
    operator === ":" &&
    parts.length === 1 &&
    parts[0] === ANY_MANY &&
    source.text[source.at] === "*" &&
    isWordEnd(source, source.at + 1)
  ) {
    source.at += 1;
    return { type: "all" };
  }
  if (name === undefined) throw queryError(start, "the name of a field has no wildcards");
  return readAboutField(source, { field: name, at: start }, operator, readGroup);
}

function readOperator(source: Source): Operator | undefined {
  const { text, at } = source;
  const character = text[at] ?? "";
  const two = text.slice(at, at + 2);
  if (two === "!=" || two === ">=" || two === "<=") {
    source.at += 2;
    return two;
  }
  if (character === "" || !OPERATOR_CHARACTERS.includes(character)) return undefined;
  source.at += 1;
  return character as Operator;
}

function readAboutField(source: Source, place: Place, first: Operator, readGroup: (field: string) => Query): Query {
  // field:>5 is field>5, field:/x/ is field~x.
  const operator = first === ":" ? (readOperator(source) ?? ":") : first;
  const start = source.at;
  const next = source.text[start];
  if (next !== "(" && isWordEnd(source, start)) {
    throw queryError(start, `expected a value right behind '${operator}'; text with '${operator}' goes in quotes`);
  }
  if (operator === "~") return match(place, readRegex(source, start), start);
  if (operator === ":") {
    if (next === "(") return readGroup(place.field);
    if (next === "/") return match(place, readRegex(source, start), start);
    if (next === "[" || next === "{") return readRange(source, place);
    if (next === '"') return findText(place, [readQuoted(source)], start);
    return findText(place, readWord(source, ""), start);
  }
  const value = readValue(source, operator);
  if (operator !== "!=") return compare(place, operator, value, start);
  return { type: "not", part: compare(place, "=", value, start) };
}

function readValue(source: Source, operator: Operator | "TO", stops = ""): string {
  const start = source.at;
  if (source.text[start] === '"') return readQuoted(source);
  const value = literalOf(readWord(source, stops));
  if (value === undefined)
    throw queryError(start, `'${operator}' takes no wildcards; use ':', or quotes for '*' and '?' as such`);
  if (value === "") throw queryError(start, `expected a value behind '${operator}'`);
  return value;
}

/** Reads `[a TO b]`: from a to b; with a curly bracket for the one that is not included, and `*` for no bound. */
function readRange(source: Source, place: Place): Query {
  const start = source.at;
  const isOpen = (at: number) => /^\*[\s\]}]/.test(source.text.slice(at, at + 2));
  const bounds: Query[] = [];
  const readBound = (operator: (closed: boolean) => Comparison, closed: () => boolean) => {
    const at = source.at;
    if (isOpen(at)) source.at += 1;
    else {
      const value = readValue(source, "TO", "]}");
      bounds.push(compare(place, operator(closed()), value, at));
    }
  };
  const skip = (expected: RegExp, what: string): string => {
    const found = expected.exec(source.text.slice(source.at))?.[0];
    if (found === undefined)
      throw queryError(source.at, `expected ${what} in a range such as [1 TO 5]; text with brackets goes in quotes`);
    source.at += found.length;
    return found;
  };
  skip(/^[[{]\s*/, "a bracket");
  readBound(
    (closed) => (closed ? ">=" : ">"),
    () => source.text[start] === "[",
  );
  skip(/^\s+TO\s+/, "TO");
  readBound(
    (closed) => (closed ? "<=" : "<"),
    () => /^\s*\]/.test(source.text.slice(source.at)),
  );
  skip(/^\s*[\]}]/, "']' or '}'");
  if (bounds.length === 0) return describesField(place);
  return bounds.length === 1 ? (bounds[0] as Query) : { type: "and", parts: bounds };
}

/** Reads /a regular expression/ with or without the flag i, "one in quotes", or one that ends at a blank. */
function readRegex(source: Source, start: number) {
  const { text } = source;
  const delimiter = text[start];
  if (delimiter !== "/" && delimiter !== '"') {
    source.at = endOfBareRegex(text, start);
    return readPattern(text.slice(start, source.at), false, start);
  }
  const end = endOfRegex(text, start + 1, delimiter);
  if (end === undefined) {
    const hint = delimiter === "/" ? '; text with slashes goes in quotes: "/a/b"' : "";
    throw queryError(start, `the regular expression is never closed${hint}`);
  }
  const ignoreCase = delimiter === "/" && text[end + 1] === "i";
  source.at = end + (ignoreCase ? 2 : 1);
  if (delimiter === "/" && !isWordEnd(source, source.at)) {
    throw queryError(
      source.at,
      'expected a blank or the flag i behind the regular expression; text with slashes goes in quotes: "/a/b"',
    );
  }
  return readPattern(text.slice(start + 1, end), ignoreCase, start + 1);
}

/** Where the delimiter stands that is neither escaped nor, for a slash, in a [class]. */
function endOfRegex(text: string, start: number, delimiter: string): number | undefined {
  let inClass = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\\") at += 1;
    else if (character === delimiter && !(inClass && delimiter === "/")) return at;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
  }
  return undefined;
}

/** At a blank, or at a parenthesis that closes none of its own. */
function endOfBareRegex(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (; at < text.length && !/\s/.test(text[at] as string); at += 1) {
    const character = text[at];
    if (character === "\\") at += 1;
    else if (character === "(") depth += 1;
    else if (character === ")" && depth === 0) break;
    else if (character === ")") depth -= 1;
  }
  return Math.min(at, text.length);
}
