import type { DenseBlock, DenseText } from "../block/block-reader.ts";
import type { ColumnKind, ValueReader } from "../column/value-columns.ts";
import { SLOT } from "../column/value-kind.ts";
import type { WordList } from "../column/word-list.ts";
import type { Needle } from "../compile/needle.ts";
import type { Template } from "../template/template-dictionary.ts";
import { blockMayHold, keptPageMayHold, type Required, templatedMayHold, type WhichText } from "./dense-filters.ts";
import { findTexts } from "./find-texts.ts";
import { alignNeedle, type SlotTest, type TemplateMatch } from "./template-match.ts";
import { mayHold, selectValues, testValue } from "./value-search.ts";

/** What is looked for in texts of a block. */
type Search = {
  required: Required;
  /** Whether a text is found. */
  verify: (text: string) => boolean;
};

/** A search of all the messages of a block for needles, of which there is one at least: every message that is looked for has all. */
export type MessageSearch = Search & {
  needles: readonly Needle[];
  /** Whether a message in which the only needle occurs is found for certain. */
  isEnough: boolean;
  /** Whether a message is found where `verify` says so of a part of it. */
  passesInParts: boolean;
  /** The same of a phrase in it, around which no word goes on. */
  passesInPhrases: boolean;
};

/** A search of all the attributes of a block for a needle which all those that are looked for have, in one value. */
export type AttributeSearch = Search & { needle: Needle };

/** Sets `hits[row]` for each row of a block whose template has a 1 in `whole`. */
export function markTemplates(whole: Uint8Array | undefined, block: DenseBlock, hits: Uint8Array): void {
  if (whole === undefined) return;
  const templateOfRow = block.messages().templated.templateOfRow();
  for (let row = 0; row < hits.length; row += 1) if (whole[templateOfRow[row] as number] === 1) hits[row] = 1;
}

/**
 * Sets `hits[row]` for each row of a block in whose message what is looked for occurs, but for those of templates in all of
 * whose messages it does: for these gives a 1 by template (0: texts kept as they are), and undefined where there are none.
 */
export function searchMessages(search: MessageSearch, block: DenseBlock, hits: Uint8Array): Uint8Array | undefined {
  const { needles, isEnough, verify } = search;
  if (!blockMayHold(search.required, block, "messages")) return undefined;
  const { templated } = block.messages();
  const whole = new Uint8Array(templated.count + 1);
  for (const number of findCandidates(search, block)) {
    const template = templated.template(number);
    const matches = alignAll(template);
    if (matches === undefined) continue;
    const isFound = isEnough ? matches[0]?.always : search.passesInParts && passesInPiece(search, template);
    const aligned = matches.findIndex((match) => !match.always);
    if (isFound) whole[number] = 1;
    else if (aligned < 0) verifyAll(number);
    else {
      const { folded } = needles[aligned] as Needle;
      for (const tests of (matches[aligned] as TemplateMatch).alignments) verifyAligned(number, template.columns, tests, folded);
    }
  }
  searchKept(search, needles[0] as Needle, "messages", block, (index, text) => {
    if (verify(text)) hits[templated.rowOfTemplate(0, index)] = 1;
  });
  return whole.includes(1) ? whole : undefined;

  /** How each needle can lie in the template; undefined where one cannot. */
  function alignAll(template: Template): TemplateMatch[] | undefined {
    const matches: TemplateMatch[] = [];
    for (const needle of needles) {
      const match = alignNeedle(piecesOf(template, needle), template.kinds, needle);
      if (!match.always && match.alignments.length === 0) return undefined;
      matches.push(match);
    }
    return matches;
  }

  function verifyAll(template: number): void {
    const rows = templated.rowsOfTemplate(template);
    for (let rank = 0; rank < rows.length; rank += 1)
      if (verify(templated.textAt(template, rank))) hits[rows[rank] as number] = 1;
  }

  /** Reads those texts of a template whose values the tests let through. */
  function verifyAligned(template: number, columns: Uint32Array, [first, ...others]: SlotTest[], folded: boolean): void {
    if (first === undefined) return verifyAll(template);
    // A column need not be read to tell that none of the words is in it.
    const kind = templated.columns[columns[first.slot] as number]?.kind;
    if (kind === SLOT.word && templated.words.matching(first, folded) === undefined) return;
    const columnOf = ({ slot }: SlotTest) => templated.column(columns[slot] as number);
    const passes = kind === SLOT.phrase && search.passesInPhrases ? judgeOnce(columnOf(first), verify) : undefined;
    selectValues(columnOf(first), first, folded, (rank) => {
      const row = templated.rowOfTemplate(template, rank);
      if (hits[row] === 1 || !others.every((test) => testValue(columnOf(test), rank, test, folded))) return;
      if (passes?.(rank) || verify(templated.textAt(template, rank))) hits[row] = 1;
    });
  }
}

/** Whether `verify` says so of a value of a column, which it is asked once for each that is distinct. */
function judgeOnce(
  { distinct, places, distinctText }: ValueReader,
  verify: (text: string) => boolean,
): (index: number) => boolean {
  const verdicts = new Uint8Array(distinct);
  return (index) => {
    const place = places.at(index);
    if (verdicts[place] === 0) verdicts[place] = verify(distinctText(place)) ? 1 : 2;
    return verdicts[place] === 1;
  };
}

/** The numbers of the templates in which each of the needles may lie. */
function findCandidates({ needles, required }: MessageSearch, block: DenseBlock): number[] {
  const candidates: number[] = [];
  if (!templatedMayHold(required, block, "messages")) return candidates;
  const { count, words, templatesWith } = block.messages().templated;
  const found = needles.map((needle) => templatesWith(createSlotCheck(needle, words), needle.text, needle.folded));
  for (let number = 1; number <= count; number += 1) {
    if (found.every((mayLieIn) => mayLieIn[number] === 1)) candidates.push(number);
  }
  return candidates;
}

/** Whether a text between the slots is enough to find all texts of the template. */
function passesInPiece({ needles: [longest], verify }: MessageSearch, template: Template): boolean {
  if (longest === undefined) return false;
  const searched = piecesOf(template, longest);
  return template.pieces().some((piece, at) => (searched[at] as string).includes(longest.text) && verify(piece));
}

function piecesOf({ pieces, foldedPieces }: Template, { folded }: Needle): string[] {
  return folded ? foldedPieces() : pieces();
}

const ASCII_RUNS = /[a-z0-9]+/gi;
const LETTER_RUNS = /[a-z_\u0080-\uffff]+/gi;

/** A test whether a slot of a kind can hold any part of the needle, by what its letters and digits are. */
function createSlotCheck({ text, folded, wholeStart, wholeEnd }: Needle, words: WordList): (kind: number) => boolean {
  const hasDigit = /[0-9]/.test(text);
  // Digits and letters that stand together are in one value, or in none.
  const hasHexRun = (text.match(ASCII_RUNS) ?? []).some((run) => /^[0-9a-f]+$/.test(run));
  const isAsWord = (run: string) => words.matching({ relation: "contains", text: run }, folded) !== undefined;
  const hasWord = (text.match(LETTER_RUNS) ?? []).some(isAsWord);
  const isDash = /^-+$/.test(text);
  const inText = hasDigit || !(wholeStart && wholeEnd);
  return (kind) => {
    if (kind === SLOT.number) return hasDigit;
    if (kind === SLOT.hex) return hasHexRun;
    if (kind === SLOT.uuid) return hasHexRun || isDash;
    if (kind === SLOT.word) return hasWord;
    return kind === SLOT.phrase || inText;
  };
}

/** Sets `hits[row]` for each row in whose attributes' JSON text what is looked for occurs, as `verify` says. */
export function searchAttributes(search: AttributeSearch, block: DenseBlock, hits: Uint8Array): void {
  const { needle, required } = search;
  if (!blockMayHold(required, block, "attributes")) return;
  const attributes = block.attributes();
  const { templated } = attributes;
  const candidates = new Uint8Array(hits.length);
  for (const [index, kind] of templatedMayHold(required, block, "attributes") ? templated.columns.entries() : []) {
    if (!mayHold(kind.kind, needle.text)) continue;
    const relation = isOneWord(kind) && needle.wholeStart && needle.wholeEnd ? "equals" : "contains";
    let rows: Uint32Array | undefined;
    selectValues(templated.column(index), { relation, text: needle.text }, needle.folded, (value) => {
      rows ??= templated.rowsOfColumn(index);
      candidates[rows[value] as number] = 1;
    });
  }
  searchKept(search, needle, "attributes", block, (index, text) => {
    if (search.verify(text)) hits[templated.rowOfTemplate(0, index)] = 1;
  });
  readCandidates(search, attributes, candidates, hits);
}

function isOneWord({ kind }: ColumnKind): boolean {
  return kind === SLOT.number || kind === SLOT.hex;
}

/** Calls `take` with each of the texts kept as they are in which the needle occurs, and its place among them. */
function searchKept(
  { required }: Search,
  needle: Needle,
  which: WhichText,
  block: DenseBlock,
  take: (index: number, text: string) => void,
): void {
  const { kept } = block[which]();
  for (let page = 0; page + 1 < kept.pageStarts.length; page += 1) {
    if (!keptPageMayHold(required, block, which, page)) continue;
    const first = kept.pageStarts[page] as number;
    findTexts(needle, kept.page(page), (index, text) => take(first + index, text));
  }
}

/** Reads the texts of the candidates that are no hits yet, and makes hits of those in which it is found. */
function readCandidates({ verify }: Search, { templated, kept }: DenseText, candidates: Uint8Array, hits: Uint8Array): void {
  for (let row = 0; row < hits.length; row += 1) if (hits[row] === 1) candidates[row] = 0;
  if (!candidates.includes(1)) return;
  const take = (text: string, row: number) => {
    if (verify(text)) hits[row] = 1;
  };
  templated.read(0, hits.length, kept, take, candidates);
}
