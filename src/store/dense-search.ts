import type { DenseBlock, DenseText } from "./block-reader.ts";
import { bloomMayHold } from "./bloom.ts";
import type { QueryHashes } from "./query-hashes.ts";
import { SLOT } from "./skeleton.ts";
import { alignNeedle, type Needle, type SlotTest } from "./template-match.ts";
import type { ColumnKind } from "./value-columns.ts";
import { mayHold, selectValues, testValue } from "./value-search.ts";
import type { WordList } from "./word-list.ts";
import { foldCase } from "./words.ts";

/** A search of all the texts of a block, for a needle of which every text that is looked for has one. */
export type TextSearch = {
  needle: Needle;
  /** Of words that the text must hold. */
  hashes: QueryHashes;
  /** Whether a text in which the needle occurs is found for certain. */
  isEnough: boolean;
  /** Whether a text is found. */
  verify: (text: string) => boolean;
};

/** False: no text of the block holds all of the words, as its filters tell. */
export function mayHoldWords(hashes: QueryHashes, block: DenseBlock): boolean {
  const { messages, attributes } = block.blooms();
  const holdsAll = (filter: Uint8Array) => hashes.words.every((hash) => bloomMayHold(filter, hash));
  return mayBeTemplated(hashes, block) || messages.some(holdsAll) || attributes.some(holdsAll);
}

/** False: the words are not in texts that are taken apart. */
function mayBeTemplated({ dense }: QueryHashes, block: DenseBlock): boolean {
  const { templated } = block.blooms();
  return dense.every((hash) => bloomMayHold(templated, hash));
}

/** Sets `hits[row]` for each row of a block in whose message what is looked for occurs. */
export function searchMessages(search: TextSearch, block: DenseBlock, hits: Uint8Array): void {
  const { needle, isEnough, verify } = search;
  const messages = block.messages();
  const { templated } = messages;
  const always = new Uint8Array(templated.templates.length + 1);
  const mayInvolve = createSlotCheck(needle, templated.words);
  for (const [index, template] of mayBeTemplated(search.hashes, block) ? templated.templates.entries() : []) {
    if (!template.kinds.some(mayInvolve) && !template.joined(needle.folded).includes(needle.text)) continue;
    const match = alignNeedle(needle.folded ? template.foldedPieces() : template.pieces, template.kinds, needle);
    if (match.always && isEnough) always[index + 1] = 1;
    else if (match.always) verifyAll(index + 1);
    else for (const tests of match.alignments) verifyAligned(index + 1, template.columns, tests);
  }
  if (always.includes(1)) {
    const templateOfRow = templated.templateOfRow();
    for (let row = 0; row < hits.length; row += 1) if (always[templateOfRow[row] as number] === 1) hits[row] = 1;
  }
  searchKept(search, messages, (index, text) => {
    if (verify(text)) hits[templated.rowsOfTemplate(0)[index] as number] = 1;
  });

  function verifyAll(template: number): void {
    const rows = templated.rowsOfTemplate(template);
    for (let rank = 0; rank < rows.length; rank += 1)
      if (verify(templated.textAt(template, rank))) hits[rows[rank] as number] = 1;
  }

  /** Reads those texts of a template whose values the tests let through. */
  function verifyAligned(template: number, columns: Uint32Array, [first, ...others]: SlotTest[]): void {
    if (first === undefined) return verifyAll(template);
    // A column need not be read to tell that none of the words is in it.
    const isWord = templated.columns[columns[first.slot] as number]?.kind === SLOT.word;
    if (isWord && templated.words.matching(first, needle.folded) === undefined) return;
    const rows = templated.rowsOfTemplate(template);
    const columnOf = ({ slot }: SlotTest) => templated.column(columns[slot] as number);
    selectValues(columnOf(first), first, needle.folded, (rank) => {
      const row = rows[rank] as number;
      if (hits[row] === 1 || !others.every((test) => testValue(columnOf(test), rank, test, needle.folded))) return;
      if (verify(templated.textAt(template, rank))) hits[row] = 1;
    });
  }
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
    return kind === SLOT.word ? hasWord : inText;
  };
}

/** Sets `hits[row]` for each row in whose attributes' JSON text what is looked for occurs, as `verify` says. */
export function searchAttributes(search: TextSearch, block: DenseBlock, hits: Uint8Array): void {
  const { needle } = search;
  const attributes = block.attributes();
  const { templated } = attributes;
  const candidates = new Uint8Array(hits.length);
  for (const [index, kind] of mayBeTemplated(search.hashes, block) ? templated.columns.entries() : []) {
    if (!mayHold(kind.kind, needle.text)) continue;
    const relation = isOneWord(kind) && needle.wholeStart && needle.wholeEnd ? "equals" : "contains";
    let rows: Uint32Array | undefined;
    selectValues(templated.column(index), { relation, text: needle.text }, needle.folded, (value) => {
      rows ??= templated.rowsOfColumn(index);
      candidates[rows[value] as number] = 1;
    });
  }
  searchKept(search, attributes, (index, text) => {
    if (search.verify(text)) hits[templated.rowsOfTemplate(0)[index] as number] = 1;
  });
  readCandidates(search, attributes, candidates, hits);
}

function isOneWord({ kind }: ColumnKind): boolean {
  return kind === SLOT.number || kind === SLOT.hex;
}

/** Calls `take` with each of the texts kept as they are in which the needle occurs, and its place among them. */
function searchKept({ needle, hashes }: TextSearch, { kept }: DenseText, take: (index: number, text: string) => void): void {
  for (let page = 0; page + 1 < kept.pageStarts.length; page += 1) {
    const bloom = kept.bloom(page);
    if (!hashes.words.every((hash) => bloomMayHold(bloom, hash))) continue;
    const { text, offsets } = kept.pageText(page);
    const searched = needle.folded ? foldCase(text) : text;
    const first = kept.pageStarts[page] as number;
    let index = 0;
    for (let at = searched.indexOf(needle.text); at >= 0; ) {
      while ((offsets[index + 1] as number) <= at) index += 1;
      const end = offsets[index + 1] as number;
      if (at + needle.text.length <= end) {
        take(first + index, text.slice(offsets[index], end));
        at = searched.indexOf(needle.text, end);
      } else at = searched.indexOf(needle.text, at + 1);
    }
  }
}

/** Reads the texts of the candidates that are no hits yet, and makes hits of those in which it is found. */
function readCandidates({ verify }: TextSearch, { templated, kept }: DenseText, candidates: Uint8Array, hits: Uint8Array): void {
  for (let row = 0; row < hits.length; row += 1) if (hits[row] === 1) candidates[row] = 0;
  if (!candidates.includes(1)) return;
  const take = (text: string, row: number) => {
    if (verify(text)) hits[row] = 1;
  };
  templated.read(0, hits.length, kept, take, candidates);
}
