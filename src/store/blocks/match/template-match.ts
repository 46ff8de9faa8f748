import { SLOT } from "../column/value-kind.ts";
import type { ValueTest } from "../column/value-test.ts";
import type { Needle } from "../compile/needle.ts";
import { classOfUnit, IN_WORD } from "../index/words.ts";

/** What must hold of the value in one slot. */
export type SlotTest = { slot: number } & ValueTest;

/** How a needle can lie in the texts of a template. */
export type TemplateMatch = {
  /** It is in every one of them. */
  always: boolean;
  /** It is in no text but those for which all the tests of one of these hold; not in each of these, either: read them to make sure. */
  alignments: SlotTest[][];
};

/** Where there are more ways than this, every text is read. */
const MAX_ALIGNMENTS = 64;

/** Kinds whose values are words through and through, without anything that parts words. */
const isWholeWord = (kind: number) => kind === SLOT.number || kind === SLOT.hex || kind === SLOT.text;

const isInWord = (unit: number) => classOfUnit(unit) === IN_WORD;

/** Whether a value of this kind, folded, can hold the unit. */
function canHold(kind: number, unit: number): boolean {
  const isDigit = unit >= 48 && unit <= 57;
  switch (kind) {
    case SLOT.number:
      return isDigit;
    case SLOT.hex:
      return isDigit || (unit >= 97 && unit <= 102);
    case SLOT.uuid:
      return isDigit || unit === 45 || (unit >= 97 && unit <= 102);
    case SLOT.text:
      return isDigit || (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
    case SLOT.phrase:
      return true;
    default:
      return !isDigit && (unit >= 128 || isInWord(unit));
  }
}

/** The ways in which `needle` can lie in texts that are made of `pieces` (folded where the needle is) with values of `kinds` between them. */
export function alignNeedle(pieces: readonly string[], kinds: readonly number[], needle: Needle): TemplateMatch {
  const { text, wholeStart, wholeEnd } = needle;
  const alignments: SlotTest[][] = [];
  let always = false;

  /** Whether a word may begin at `offset` of a piece: true, false, or undefined where the value before it decides. */
  function startsWell(piece: number, offset: number): boolean | undefined {
    if (!wholeStart) return true;
    if (offset > 0) return !isInWord((pieces[piece] as string).charCodeAt(offset - 1));
    if (piece === 0) return true;
    return isWholeWord(kinds[piece - 1] as number) ? false : undefined;
  }

  /** The same for the end of a word before `offset` of a piece. */
  function endsWell(piece: number, offset: number): boolean | undefined {
    if (!wholeEnd) return true;
    const rest = pieces[piece] as string;
    if (offset < rest.length) return !isInWord(rest.charCodeAt(offset));
    if (piece === kinds.length) return true;
    return isWholeWord(kinds[piece] as number) ? false : undefined;
  }

  function matchPiece(piece: number, offset: number, at: number, tests: SlotTest[], certain: boolean): void {
    const whole = pieces[piece] as string;
    const length = Math.min(whole.length - offset, text.length - at);
    // Mostly the first letter says it.
    if (length > 0 && whole.charCodeAt(offset) !== text.charCodeAt(at)) return;
    if (!whole.startsWith(text.slice(at, at + length), offset)) return;
    if (at + length < text.length) return matchSlot(piece, at + length, tests);
    const well = endsWell(piece, offset + length);
    if (well === false) return;
    if (tests.length === 0 && certain && well === true) always = true;
    else alignments.push(tests);
  }

  /** The needle goes on from `at` with the value of a slot. */
  function matchSlot(slot: number, at: number, tests: SlotTest[]): void {
    if (slot === kinds.length || alignments.length > MAX_ALIGNMENTS) return;
    const kind = kinds[slot] as number;
    let end = at;
    while (end < text.length && canHold(kind, text.charCodeAt(end))) {
      end += 1;
      const value = text.slice(at, end);
      if (end === text.length) {
        const relation = wholeEnd && isWholeWord(kind) ? "equals" : "startsWith";
        if (relation === "equals" && endsWell(slot + 1, 0) === false) return;
        alignments.push([...tests, { slot, relation, text: value }]);
      } else matchPiece(slot + 1, 0, end, [...tests, { slot, relation: "equals", text: value }], false);
    }
  }

  /** The needle begins within the value of a slot. */
  function startInSlot(slot: number): void {
    const kind = kinds[slot] as number;
    const atStart = wholeStart && isWholeWord(kind);
    // A whole word that begins in such a value begins with it.
    if (atStart && startsWell(slot, (pieces[slot] as string).length) === false) return;
    let end = 0;
    while (end < text.length && canHold(kind, text.charCodeAt(end))) {
      end += 1;
      const value = text.slice(0, end);
      if (end < text.length) {
        matchPiece(slot + 1, 0, end, [{ slot, relation: atStart ? "equals" : "endsWith", text: value }], false);
        continue;
      }
      const atEnd = wholeEnd && isWholeWord(kind);
      if (atEnd && endsWell(slot + 1, 0) === false) return;
      const relation = atStart ? (atEnd ? "equals" : "startsWith") : atEnd ? "endsWith" : "contains";
      alignments.push([{ slot, relation, text: value }]);
    }
  }

  const first = text.charAt(0);
  for (let piece = 0; piece < pieces.length && !always; piece += 1) {
    const whole = pieces[piece] as string;
    for (let offset = whole.indexOf(first); offset >= 0 && !always; offset = whole.indexOf(first, offset + 1)) {
      const well = startsWell(piece, offset);
      if (well !== false) matchPiece(piece, offset, 0, [], well === true);
    }
    if (piece < kinds.length && !always) startInSlot(piece);
  }
  if (alignments.length > MAX_ALIGNMENTS) return { always, alignments: [[]] };
  return { always, alignments };
}
