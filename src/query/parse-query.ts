import { LogctlError } from "../errors.ts";
import type { Query } from "./query.ts";
import { queryError } from "./query-error.ts";
import { readCondition } from "./read-condition.ts";
import { isWordEnd, type Source, skipBlanks } from "./read-word.ts";

export const MAX_QUERY_CHARACTERS = 10_000;
/** Levels of parentheses and negations. */
export const MAX_QUERY_DEPTH = 64;

/** What stands where a condition could: the next token, as far as the grammar of AND, OR, NOT and parentheses needs it. */
type Next = "end" | "(" | ")" | "AND" | "OR" | "NOT" | "condition";

/**
 * Reads a query. Words and phrases next to each other must all be found, as with AND and &&; OR and || bind less, NOT,
 * - and ! more. Throws `invalid_query`, naming the position counted from 1, for all that cannot be meant.
 */
export function parseQuery(text: string): Query {
  if (text.trim() === "") throw new LogctlError("invalid_query", 'q is blank; give words or a "quoted phrase"', { field: "q" });
  if (text.length > MAX_QUERY_CHARACTERS)
    throw queryError(MAX_QUERY_CHARACTERS, `q is longer than ${MAX_QUERY_CHARACTERS} characters`);
  const source: Source = { text, at: 0 };
  const query = readAlternatives(source, undefined, 0);
  if (source.at < text.length) throw queryError(source.at, "this ')' closes nothing; text with parentheses goes in quotes");
  return query;
}

/** Reads up to the end, or to a parenthesis that closes. Within `field:(...)` conditions are about that field. */
function readAlternatives(source: Source, field: string | undefined, depth: number): Query {
  const parts = [readAll(source, field, depth)];
  while (peek(source) === "OR") {
    skipOperator(source);
    parts.push(readAll(source, field, depth));
  }
  return join("or", parts);
}

function readAll(source: Source, field: string | undefined, depth: number): Query {
  const parts = [readOne(source, field, depth)];
  for (let next = peek(source); next !== "end" && next !== ")" && next !== "OR"; next = peek(source)) {
    if (next === "AND") skipOperator(source);
    parts.push(readOne(source, field, depth));
  }
  return join("and", parts);
}

function join(type: "and" | "or", parts: Query[]): Query {
  if (parts.length === 1) return parts[0] as Query;
  return { type, parts: parts.flatMap((part) => (part.type === type ? part.parts : [part])) };
}

function readOne(source: Source, field: string | undefined, depth: number): Query {
  const next = peek(source);
  if (depth > MAX_QUERY_DEPTH) throw queryError(source.at, `more than ${MAX_QUERY_DEPTH} levels of parentheses and negations`);
  switch (next) {
    case "NOT":
      skipOperator(source);
      return { type: "not", part: readOne(source, field, depth + 1) };
    case "(":
      return readGroup(source, field, depth);
    case "condition":
      return readCondition(source, field, (name) => readGroup(source, name, depth));
    default:
      throw queryError(source.at, `expected a word, a "phrase" or a condition ${describe(next, source)}`);
  }
}

function describe(next: Next, { text, at }: Source): string {
  if (next === "end") return "before the end";
  return next === ")" ? "before ')'" : `before ${text.slice(at).match(/^(?:AND|OR|&&|\|\|)/)?.[0]}`;
}

function readGroup(source: Source, field: string | undefined, depth: number): Query {
  const start = source.at;
  source.at += 1;
  const query = readAlternatives(source, field, depth + 1);
  if (peek(source) !== ")") throw queryError(start, "this '(' is never closed; text with parentheses goes in quotes");
  source.at += 1;
  return query;
}

/** Skips blanks and says what comes then. */
function peek(source: Source): Next {
  skipBlanks(source);
  const { text, at } = source;
  const character = text[at];
  if (character === undefined) return "end";
  if (character === "(" || character === ")") return character;
  if (character === "&" && text[at + 1] === "&") return "AND";
  if (character === "|" && text[at + 1] === "|") return "OR";
  if (character === "-" || (character === "!" && text[at + 1] !== "=")) return "NOT";
  const word = /^(?:AND|OR|NOT)/.exec(text.slice(at, at + 3))?.[0] as "AND" | "OR" | "NOT" | undefined;
  return word !== undefined && isWordEnd(source, at + word.length) ? word : "condition";
}

/** Goes on behind an operator. A minus belongs to what it stands before; alone it is rather a dash. */
function skipOperator(source: Source): void {
  const { text, at } = source;
  const length = /^(?:AND|NOT)/.test(text.slice(at, at + 3)) ? 3 : text[at] === "!" || text[at] === "-" ? 1 : 2;
  source.at += length;
  if (text[at] === "-" && (text[at + 1] === undefined || /\s/.test(text[at + 1] as string))) {
    throw queryError(at, "expected what to leave out right behind '-'; a dash as such goes in quotes");
  }
}
