import { ANY_MANY, ANY_ONE, type TextCondition } from "../query/query.ts";
import { classOfUnit, foldCase, IN_WORD, SEPARATOR } from "./words.ts";

/** A text with wildcards, made ready for matching against folded texts. */
export type Glob = {
  /** For each place a UTF-16 unit, or one of these. */
  units: Int32Array;
  /** Whether a longer word may go on before it, and behind it. */
  openStart: boolean;
  openEnd: boolean;
};

const ONE = -1;
const MANY = -2;

type Parts = TextCondition["parts"];

/** Stars at the ends only say that words may go on there. */
export function compileGlob(parts: Parts): Glob {
  const openStart = parts[0] === ANY_MANY;
  const openEnd = parts.at(-1) === ANY_MANY;
  return { units: unitsOf(parts.slice(openStart ? 1 : 0, openEnd ? -1 : undefined)), openStart, openEnd };
}

function unitsOf(parts: Parts): Int32Array {
  return Int32Array.from(
    parts.flatMap((part) => {
      if (typeof part !== "string") return part === ANY_ONE ? [ONE] : [MANY];
      const folded = foldCase(part.toWellFormed());
      return Array.from({ length: folded.length }, (_, at) => folded.charCodeAt(at));
    }),
  );
}

/** Whether the glob stands somewhere in `folded` from `start` to `end`, as words; a wildcard never goes beyond a word. */
export function globOccurs({ units, openStart, openEnd }: Glob, folded: string, start: number, end: number): boolean {
  const endsWell = (at: number) => openEnd || !isInsideWord(folded, at, start, end);
  for (let at = start; at < end; at += 1) {
    if (!openStart && isInsideWord(folded, at, start, end)) continue;
    if (standsAt(units, folded, at, end, isOfWord, endsWell)) return true;
  }
  return false;
}

/** A test of whole texts, in any case; a wildcard may stand for anything. */
export function compileWholeGlob(parts: Parts): (text: string) => boolean {
  const units = unitsOf(parts);
  return (text) => {
    const folded = foldCase(text);
    return standsAt(units, folded, 0, folded.length, isAnything, (at) => at === folded.length);
  };
}

function isInsideWord(folded: string, at: number, start: number, end: number): boolean {
  if (at <= start || at >= end) return false;
  return classOfUnit(folded.charCodeAt(at - 1)) === IN_WORD && classOfUnit(folded.charCodeAt(at)) === IN_WORD;
}

function isOfWord(unit: number): boolean {
  return classOfUnit(unit) !== SEPARATOR;
}

function isAnything(): boolean {
  return true;
}

/** On a mismatch the last star takes one more; those before it need not, since the first fit of theirs leaves the most. */
function standsAt(
  units: Int32Array,
  folded: string,
  start: number,
  end: number,
  fitsWildcard: (unit: number) => boolean,
  endsWell: (at: number) => boolean,
): boolean {
  let at = start;
  let next = 0;
  let star = -1;
  let starAt = start;
  for (;;) {
    if (next === units.length && endsWell(at)) return true;
    const unit = next < units.length ? (units[next] as number) : Number.NaN;
    if (unit === MANY) {
      next += 1;
      star = next;
      starAt = at;
    } else if (at < end && unit === ONE && fitsWildcard(folded.charCodeAt(at))) {
      at += (folded.codePointAt(at) as number) > 0xffff ? 2 : 1;
      next += 1;
    } else if (at < end && unit === folded.charCodeAt(at)) {
      at += 1;
      next += 1;
    } else {
      if (star < 0 || starAt >= end || !fitsWildcard(folded.charCodeAt(starAt))) return false;
      starAt += 1;
      at = starAt;
      next = star;
    }
  }
}
