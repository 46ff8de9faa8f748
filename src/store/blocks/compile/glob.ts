import { ANY_MANY, ANY_ONE, type TextCondition } from "../../../query/query.ts";
import { classOfUnit, foldCase, IN_WORD, SEPARATOR } from "../index/words.ts";

/** A text with wildcards, made ready for matching against folded texts. */
export type Glob = {
  /** What stands between its stars, in their order. */
  pieces: Piece[];
  /** Whether a longer word may go on before it, and behind it. */
  openStart: boolean;
  openEnd: boolean;
};

type Piece = {
  /** For each place a UTF-16 unit, or that of a wildcard for one character. */
  units: Int32Array;
  /** The same as a text, where there is no wildcard in it. */
  text: string | undefined;
};

const ONE = -1;
const MANY = -2;

type Parts = TextCondition["parts"];

/** Stars at the ends only say that words may go on there. */
export function compileGlob(parts: Parts): Glob {
  const single = parts.filter((part, at) => part !== ANY_MANY || parts[at - 1] !== ANY_MANY);
  const openStart = single[0] === ANY_MANY;
  const openEnd = single.length > 1 && single.at(-1) === ANY_MANY;
  return { pieces: piecesOf(single.slice(openStart ? 1 : 0, openEnd ? -1 : undefined)), openStart, openEnd };
}

function piecesOf(parts: Parts): Piece[] {
  const pieces: Piece[] = [];
  const units = unitsOf(parts);
  for (let from = 0; from <= units.length; ) {
    const star = units.indexOf(MANY, from);
    const own = units.subarray(from, star < 0 ? units.length : star);
    pieces.push({ units: own, text: own.includes(ONE) ? undefined : String.fromCharCode(...own) });
    if (star < 0) break;
    from = star + 1;
  }
  return pieces;
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
export function globOccurs({ pieces, openStart, openEnd }: Glob, folded: string, start: number, end: number): boolean {
  return piecesStand(pieces, {
    folded,
    start,
    end,
    lastStart: end - 1,
    startsWell: (at) => openStart || !isInsideWord(folded, at, start, end),
    endsWell: (at) => openEnd || !isInsideWord(folded, at, start, end),
    fitsWildcard: isOfWord,
  });
}

/** A test of whole texts, in any case; a wildcard may stand for anything. */
export function compileWholeGlob(parts: Parts): (text: string) => boolean {
  const pieces = piecesOf(parts);
  return (text) => {
    const folded = foldCase(text);
    return piecesStand(pieces, {
      folded,
      start: 0,
      end: folded.length,
      lastStart: 0,
      startsWell: () => true,
      endsWell: (at) => at === folded.length,
      fitsWildcard: () => true,
    });
  };
}

function isInsideWord(folded: string, at: number, start: number, end: number): boolean {
  if (at <= start || at >= end) return false;
  return classOfUnit(folded.charCodeAt(at - 1)) === IN_WORD && classOfUnit(folded.charCodeAt(at)) === IN_WORD;
}

function isOfWord(unit: number): boolean {
  return classOfUnit(unit) !== SEPARATOR;
}

type Place = {
  folded: string;
  start: number;
  end: number;
  /** Where the first piece may begin at the latest. */
  lastStart: number;
  startsWell: (at: number) => boolean;
  endsWell: (at: number) => boolean;
  fitsWildcard: (unit: number) => boolean;
};

/**
 * Whether the pieces stand one behind the other, with nothing between them that a star does not stand for. A star ends with
 * the run of characters that it fits, such as a word; within a run the first fit of a piece leaves the most for those behind
 * it, so that no other need be tried: the time grows with the text, not with its square.
 */
function piecesStand(pieces: readonly Piece[], place: Place): boolean {
  const { start, lastStart, startsWell, endsWell } = place;
  const last = pieces.length - 1;
  /** Where the pieces so far can end at the earliest in each run, and where that run ends. */
  let ends: number[] = [];
  let runs: number[] = [];
  for (let at = find(pieces[0] as Piece, place, start, lastStart); at >= 0; ) {
    const to = startsWell(at) ? fit(pieces[0] as Piece, place, at) : -1;
    if (to >= 0 && last === 0 && endsWell(to)) return true;
    if (to >= 0 && last > 0 && to > (runs.at(-1) ?? -1)) {
      ends.push(to);
      runs.push(endOfRun(place, to));
    }
    at = find(pieces[0] as Piece, place, at + 1, lastStart);
  }
  for (let index = 1; index <= last; index += 1) {
    const piece = pieces[index] as Piece;
    const [nextEnds, nextRuns]: [number[], number[]] = [[], []];
    for (const [entry, from] of ends.entries()) {
      const run = runs[entry] as number;
      if (index === last) {
        for (let at = find(piece, place, from, run); at >= 0; at = find(piece, place, at + 1, run)) {
          if (endsWell(fit(piece, place, at))) return true;
        }
        continue;
      }
      const at = find(piece, place, from, run);
      if (at < 0) continue;
      const to = fit(piece, place, at);
      if (to <= (nextRuns.at(-1) ?? -1)) continue;
      nextEnds.push(to);
      nextRuns.push(to <= run ? run : endOfRun(place, to));
    }
    [ends, runs] = [nextEnds, nextRuns];
  }
  return false;
}

/** The first place from `from` to `to` at which a piece fits; negative where there is none. */
function find(piece: Piece, place: Place, from: number, to: number): number {
  const { folded, end } = place;
  const [first = ONE] = piece.units;
  const limit = Math.min(to, end);
  for (let at = from; at <= limit; at += 1) {
    if (first !== ONE && folded.charCodeAt(at) !== first) continue;
    if (fit(piece, place, at) >= 0) return at;
  }
  return -1;
}

/** Where a piece ends that begins at `at`; negative where it does not fit. */
function fit({ units, text }: Piece, { folded, end, fitsWildcard }: Place, at: number): number {
  if (text !== undefined) return at + text.length <= end && folded.startsWith(text, at) ? at + text.length : -1;
  let to = at;
  for (const unit of units) {
    if (to >= end) return -1;
    const own = folded.charCodeAt(to);
    if (unit === ONE ? !fitsWildcard(own) : unit !== own) return -1;
    to += unit === ONE && (folded.codePointAt(to) as number) > 0xffff ? 2 : 1;
  }
  return to;
}

/** The first place from `from` on at which no star can go on. */
function endOfRun({ folded, end, fitsWildcard }: Place, from: number): number {
  let at = from;
  while (at < end && fitsWildcard(folded.charCodeAt(at))) at += 1;
  return at;
}
