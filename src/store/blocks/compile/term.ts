import type { TextCondition } from "../../../query/query.ts";
import { type QueryGrams, queryGrams } from "../index/gram-filter.ts";
import { classOfUnit, foldCase, IN_WORD } from "../index/words.ts";
import { compileGlob, type Glob, globOccurs } from "./glob.ts";
import { type QueryHashes, queryHashes } from "./query-hashes.ts";

/**
 * A word, a phrase or a text with wildcards made ready for matching: it is found where its first and last words are whole
 * words, or may go on because a star stands there, in any case.
 */
export type Term = {
  /** The text to look for, folded; the longest part of one with wildcards. */
  needle: string;
  /** The same as it reads inside a JSON string. */
  jsonNeedle: string;
  /** The hashes of its words, all of which a text must hold. */
  hashes: QueryHashes;
  /** The grams of its texts, and the same as they read inside a JSON string. */
  grams: QueryGrams;
  jsonGrams: QueryGrams;
  startsWithWord: boolean;
  endsWithWord: boolean;
  /** All of it, where there are wildcards within. */
  glob?: Glob;
};

type Parts = TextCondition["parts"];

/** One part at least is text, and none is empty. */
export function compileTerm(parts: Parts): Term {
  const texts = parts.filter((part) => typeof part === "string").map((part) => foldCase(part.toWellFormed()));
  const needle = texts.reduce((longest, text) => (text.length > longest.length ? text : longest));
  const glob = compileGlob(parts);
  return {
    needle,
    jsonNeedle: insideJson(needle),
    hashes: queryHashes(wholeWordsOf(parts)),
    grams: queryGrams(texts),
    jsonGrams: queryGrams(texts.map(insideJson)),
    startsWithWord: !glob.openStart && classOfUnit(needle.charCodeAt(0)) === IN_WORD,
    endsWithWord: !glob.openEnd && classOfUnit(needle.charCodeAt(needle.length - 1)) === IN_WORD,
    ...((glob.pieces.length > 1 || glob.pieces[0]?.text !== needle) && { glob }),
  };
}

function insideJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The texts between wildcards without what is only a part of a word there. */
function wholeWordsOf(parts: Parts): string[] {
  return parts.flatMap((part, at) => {
    if (typeof part !== "string") return [];
    const text = foldCase(part.toWellFormed());
    let start = 0;
    let end = text.length;
    if (at > 0) while (start < end && classOfUnit(text.charCodeAt(start)) === IN_WORD) start += 1;
    if (at < parts.length - 1) while (end > start && classOfUnit(text.charCodeAt(end - 1)) === IN_WORD) end -= 1;
    return text.slice(start, end);
  });
}

/** Whether the term stands in `folded` at `at`, between `start` and `end`, and not as a part of longer words. */
export function standsAt(term: Term, folded: string, at: number, start: number, end: number): boolean {
  const after = at + term.needle.length;
  if (after > end) return false;
  if (term.startsWithWord && at > start && classOfUnit(folded.charCodeAt(at - 1)) === IN_WORD) return false;
  return !(term.endsWithWord && after < end && classOfUnit(folded.charCodeAt(after)) === IN_WORD);
}

/** The same of any term; one with wildcards occurs anywhere between `start` and `end`. */
export function occursAt(term: Term, folded: string, at: number, start: number, end: number): boolean {
  return term.glob === undefined ? standsAt(term, folded, at, start, end) : globOccurs(term.glob, folded, start, end);
}

/** Whether the term occurs in a folded text. */
export function occursIn(term: Term, folded: string): boolean {
  if (term.glob !== undefined) return folded.includes(term.needle) && globOccurs(term.glob, folded, 0, folded.length);
  for (let at = folded.indexOf(term.needle); at >= 0; at = folded.indexOf(term.needle, at + 1)) {
    if (standsAt(term, folded, at, 0, folded.length)) return true;
  }
  return false;
}

/** A number, true, false or null. */
const LITERAL = /[^"{}[\],:]+/y;

export function occursInValues(term: Term, json: string): boolean {
  return someFoldedValue(json, (value) => occursIn(term, value));
}

/**
 * Whether one value of the folded JSON text is accepted. It is read, not parsed: in an object keys that differ
 * only in case would be one, and numbers would lose the digits that they were written with.
 */
export function someFoldedValue(json: string, accepts: (value: string) => boolean): boolean {
  for (let at = 0; at < json.length; ) {
    if (json[at] === '"') {
      const close = endOfString(json, at + 1);
      if (json[close + 1] !== ":" && accepts(unescapeString(json.slice(at + 1, close)))) return true;
      at = close + 1;
      continue;
    }
    LITERAL.lastIndex = at;
    const literal = LITERAL.exec(json)?.[0];
    if (literal !== undefined && accepts(literal)) return true;
    at += literal?.length ?? 1;
  }
  return false;
}

/** Where the quote stands that ends the string whose text starts at `start`. */
function endOfString(json: string, start: number): number {
  let quote = json.indexOf('"', start);
  while (quote >= 0 && isEscaped(json, quote)) quote = json.indexOf('"', quote + 1);
  return quote < 0 ? json.length : quote;
}

function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json[first - 1] === "\\") first -= 1;
  return (at - first) % 2 === 1;
}

/** Folding leaves JSON's own letters (\n, \u001b) as they are. */
function unescapeString(text: string): string {
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

/** Whether the term occurs in a message. */
export function occursInMessage(term: Term, message: string): boolean {
  return occursIn(term, foldCase(message));
}

/** Whether the term occurs in one value of attributes' JSON text. */
export function occursInAttributes(term: Term, json: string): boolean {
  return occursInValues(term, foldCase(json));
}
