import { queryError } from "./query-error.ts";
import { readClass, readEscape } from "./read-regex-class.ts";
import type { Fail, RegexSource } from "./regex-source.ts";
import { LINE_ENDS, type RegexNode, sizeOf } from "./regex-tree.ts";

const MAX_DEPTH = 64;
/** The most that a count in braces may ask for, also when counts are nested, as in RE2. */
const MAX_COUNT = 1000;
/** The most characters and classes, repeated ones counted as often as they are asked for. */
const MAX_SIZE = 2000;
const COUNT = /\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/y;

/**
 * Reads a regular expression: what is common to JavaScript and RE2. `offset` is where it starts in what people see, and
 * `name` what holds it, for errors: `invalid_query` with the position of what is not understood or would take too long.
 */
export function parseRegex(text: string, ignoreCase: boolean, offset: number, name: string): RegexNode {
  const source: RegexSource = { text, at: 0, ignoreCase };
  const fail: Fail = (index, problem) => queryError(offset + index, problem, name);
  if (text === "") throw fail(0, 'the regular expression is empty; text with slashes goes in quotes: "/a/b"');
  const tree = readAlternatives(source, fail, 0);
  if (source.at < text.length) throw fail(source.at, "this ')' closes nothing; write \\)");
  if (sizeOf(tree) > MAX_SIZE) throw fail(0, `the regular expression is too large, with counts of more than ${MAX_SIZE} in all`);
  return tree;
}

function readAlternatives(source: RegexSource, fail: Fail, depth: number): RegexNode {
  if (depth > MAX_DEPTH) throw fail(source.at, `groups are nested more than ${MAX_DEPTH} levels deep`);
  const parts = [readSequence(source, fail, depth)];
  while (source.text[source.at] === "|") {
    source.at += 1;
    parts.push(readSequence(source, fail, depth));
  }
  return parts.length === 1 ? (parts[0] as RegexNode) : { type: "alternatives", parts };
}

function readSequence(source: RegexSource, fail: Fail, depth: number): RegexNode {
  const parts: RegexNode[] = [];
  while (source.at < source.text.length && source.text[source.at] !== "|" && source.text[source.at] !== ")") {
    const start = source.at;
    parts.push(readRepeats(readAtom(source, fail, depth), start, source, fail));
  }
  return parts.length === 1 ? (parts[0] as RegexNode) : { type: "sequence", parts };
}

function readAtom(source: RegexSource, fail: Fail, depth: number): RegexNode {
  const start = source.at;
  const character = source.text[start] as string;
  switch (character) {
    case "(":
      return readGroup(source, fail, depth);
    case "[":
      return readClass(source, fail);
    case "\\":
      return readEscape(source, fail);
    case ".":
      source.at += 1;
      return { type: "class", negated: true, ranges: LINE_ENDS, properties: [] };
    case "^":
    case "$":
      source.at += 1;
      return { type: "assertion", assertion: character };
    case "*":
    case "+":
    case "?":
      throw fail(start, `there is nothing before '${character}' to repeat; write \\${character}`);
  }
  const code = source.text.codePointAt(start) as number;
  source.at += code > 0xffff ? 2 : 1;
  return { type: "character", code };
}

function readGroup(source: RegexSource, fail: Fail, depth: number): RegexNode {
  const start = source.at;
  const rest = source.text.slice(start + 1);
  if (/^\?<?[=!]/.test(rest)) throw fail(start, "looking ahead or behind is not supported, since it may take for ever");
  const head = /^\?(?::|<[A-Za-z_]\w*>)/.exec(rest)?.[0] ?? "";
  if (head === "" && rest[0] === "?") throw fail(start + 1, "expected (?: or (?<name>; case is ignored with the flag: /a/i");
  source.at += 1 + head.length;
  const tree = readAlternatives(source, fail, depth + 1);
  if (source.text[source.at] !== ")") throw fail(start, "the group is never closed; a '(' as such is \\(");
  source.at += 1;
  return tree;
}

function readRepeats(part: RegexNode, start: number, source: RegexSource, fail: Fail): RegexNode {
  const counts = readCounts(source, fail);
  if (counts === undefined) return part;
  if (part.type === "assertion" && source.text[start] !== "(")
    throw fail(start, `'${part.assertion}' matches a place and cannot be repeated`);
  const lazy = source.text[source.at] === "?";
  if (lazy) source.at += 1;
  const node: RegexNode = { type: "repeat", part, ...counts, lazy };
  if (countOf(node) > MAX_COUNT) throw fail(start, `counts go to ${MAX_COUNT}, nested ones multiplied`);
  const at = source.at;
  if (readCounts(source, fail) !== undefined) throw fail(at, "this repeats what is repeated already; use a group");
  return node;
}

function readCounts(source: RegexSource, fail: Fail): { min: number; max: number } | undefined {
  const character = source.text[source.at] ?? "";
  if (character === "{") {
    COUNT.lastIndex = source.at;
    const match = COUNT.exec(source.text);
    if (match === null) return undefined;
    const min = Number(match[1]);
    const max = match[3] !== undefined ? Number(match[3]) : match[2] !== undefined ? Number.POSITIVE_INFINITY : min;
    if (max < min) throw fail(source.at, "the counts are in the wrong order");
    source.at += match[0].length;
    return { min, max };
  }
  if (character === "" || !"*+?".includes(character)) return undefined;
  source.at += 1;
  return { min: character === "+" ? 1 : 0, max: character === "?" ? 1 : Number.POSITIVE_INFINITY };
}

/** The highest product of counts, one within the other. */
function countOf(node: RegexNode): number {
  if (node.type === "sequence" || node.type === "alternatives")
    return node.parts.reduce((most, part) => Math.max(most, countOf(part)), 1);
  if (node.type !== "repeat") return 1;
  return Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max) * countOf(node.part);
}
