import type { Fail, RegexSource } from "./regex-source.ts";
import { LAST_CODE, type Range, type RegexNode, rangesOfEscape } from "./regex-tree.ts";

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };
const HEX = /x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}/y;
const PROPERTY = /[pP](?:\{([A-Za-z]{1,2})\}|([A-Z]))/y;
const CATEGORIES = /^(?:C[cfno]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;

type Escaped = { code: number } | { ranges: Range[] } | { property: string };

/** Reads an escape outside of a class; the source stands at its backslash. */
export function readEscape(source: RegexSource, fail: Fail): RegexNode {
  const next = source.text[source.at + 1] ?? "";
  if (next === "b" || next === "B") {
    source.at += 2;
    return { type: "assertion", assertion: `\\${next}` };
  }
  if (/[1-9k]/.test(next)) throw fail(source.at, "references back to a group are not supported, since they may take for ever");
  const escaped = readEscaped(source, fail);
  if ("code" in escaped) return { type: "character", code: escaped.code };
  if ("ranges" in escaped) return { type: "class", negated: false, ranges: escaped.ranges, properties: [] };
  return { type: "class", negated: false, ranges: [], properties: [escaped.property] };
}

/** Reads a [class]; the source stands at its opening bracket. */
export function readClass(source: RegexSource, fail: Fail): RegexNode {
  const { text } = source;
  const start = source.at;
  source.at += 1;
  const negated = text[source.at] === "^";
  if (negated) source.at += 1;
  if (text[source.at] === "]") throw fail(start, "the class is empty; a ']' in it is \\]");
  const ranges: Range[] = [];
  const properties: string[] = [];
  while (text[source.at] !== "]") {
    const at = source.at;
    if (text.startsWith("[:", at)) throw fail(at, "names such as [:alpha:] are not known; use \\d, \\w, \\s or \\p{L}");
    const first = readItem(source, start, fail);
    if ("property" in first) properties.push(first.property);
    else if ("ranges" in first) ranges.push(...first.ranges);
    else ranges.push([first.code, first.code]);
    if (text[source.at] !== "-" || text[source.at + 1] === "]") continue;
    source.at += 1;
    const last = readItem(source, start, fail);
    if (!("code" in first && "code" in last)) throw fail(at, "a range goes from one character to another");
    if (last.code < first.code) throw fail(at, "the range is in the wrong order");
    ranges[ranges.length - 1] = [first.code, last.code];
  }
  source.at += 1;
  return { type: "class", negated, ranges, properties };
}

function readItem(source: RegexSource, start: number, fail: Fail): Escaped {
  const code = source.text.codePointAt(source.at);
  if (code === undefined) throw fail(start, "the class is never closed; a '[' as such is \\[");
  if (source.text[source.at] === "\\") {
    if (source.text[source.at + 1] === "b") {
      source.at += 2;
      return { code: 8 };
    }
    return readEscaped(source, fail);
  }
  source.at += code > 0xffff ? 2 : 1;
  return { code };
}

function readEscaped(source: RegexSource, fail: Fail): Escaped {
  const start = source.at;
  const at = start + 1;
  const next = source.text.codePointAt(at);
  if (next === undefined) throw fail(start, "there is nothing behind the last backslash; write \\\\");
  const character = String.fromCodePoint(next);
  HEX.lastIndex = at;
  const hex = HEX.exec(source.text);
  const code = Number.parseInt(hex?.[1] ?? hex?.[2] ?? hex?.[3] ?? "", 16);
  if (hex !== null && code <= LAST_CODE && !(code >= 0xd800 && code <= 0xdfff)) {
    source.at = at + hex[0].length;
    return { code };
  }
  PROPERTY.lastIndex = at;
  const property = PROPERTY.exec(source.text);
  const category = property?.[1] ?? property?.[2];
  if (category !== undefined && CATEGORIES.test(category)) {
    source.at = at + (property?.[0].length ?? 0);
    return { property: `\\${character}{${category}}` };
  }
  source.at = at + character.length;
  const ranges = rangesOfEscape(character, source.ignoreCase);
  if (ranges !== undefined) return { ranges };
  const control = CONTROLS[character];
  if (control !== undefined) return { code: control };
  if (character === "0" && !/\d/.test(source.text[source.at] ?? "")) return { code: 0 };
  if (/[\p{L}\p{N}]/u.test(character)) throw fail(start, `\\${character} is not known; letters have no backslash of their own`);
  return { code: next };
}
