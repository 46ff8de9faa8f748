import { bloomMayHold } from "./bloom.ts";
import type { DenseText } from "./dense-block-reader.ts";
import { SLOT } from "./skeleton.ts";
import { alignNeedle, type Needle } from "./template-match.ts";
import type { ColumnKind } from "./value-columns.ts";
import { selectValues, testValue } from "./value-search.ts";
import { foldCase } from "./words.ts";

/** A search of all the texts of a block, for a needle of which every text that is looked for has one. */
export type TextSearch = {
  needle: Needle;
  /** The hashes of words that the text must hold. */
  hashes: readonly number[];
  /** Whether a text in which the needle occurs is found for certain. */
  isEnough: boolean;
  /** Whether a text is found. */
  verify: (text: string) => boolean;
};

/** Sets `hits[row]` for each row of a block in whose message what is looked for occurs. */
export function searchMessages(search: TextSearch, messages: DenseText, hits: Uint8Array): void {
  const { needle } = search;
  const { templated } = messages;
  const candidates = new Uint8Array(hits.length);
  const always = new Uint8Array(templated.templates.length + 1);
  for (const [index, template] of templated.templates.entries()) {
    const pieces = needle.folded ? template.foldedPieces() : template.pieces;
    const match = alignNeedle(pieces, template.kinds, needle);
    if (match.always) always[index + 1] = 1;
    else if (match.alignments.length > 0) {
      const rows = templated.rowsOfTemplate(index + 1);
      for (const [first, ...others] of match.alignments) {
        if (first === undefined) for (const row of rows) candidates[row] = 1;
        else {
          const readers = others.map(({ slot }) => templated.column(template.columns[slot] as number));
          selectValues(templated.column(template.columns[first.slot] as number), first, needle.folded, (value) => {
            const holds = others.every((test, i) =>
              testValue(readers[i] as (typeof readers)[number], value, test, needle.folded),
            );
            if (holds) candidates[rows[value] as number] = 1;
          });
        }
      }
    }
  }
  const marked = search.isEnough ? hits : candidates;
  if (always.includes(1)) {
    const { templateOfRow } = templated;
    for (let row = 0; row < hits.length; row += 1) if (always[templateOfRow[row] as number] === 1) marked[row] = 1;
  }
  searchKept(search, messages, candidates);
  readCandidates(search, messages, candidates, hits);
}

/** Sets `hits[row]` for each row in whose attributes' JSON text what is looked for occurs, as `verify` says. */
export function searchAttributes(search: TextSearch, attributes: DenseText, hits: Uint8Array): void {
  const { needle } = search;
  const { templated } = attributes;
  const candidates = new Uint8Array(hits.length);
  for (const [index, kind] of templated.columns.entries()) {
    const relation = isOneWord(kind) && needle.wholeStart && needle.wholeEnd ? "equals" : "contains";
    let rows: Uint32Array | undefined;
    selectValues(templated.column(index), { relation, text: needle.text }, needle.folded, (value) => {
      rows ??= templated.rowsOfColumn(index);
      candidates[rows[value] as number] = 1;
    });
  }
  searchKept(search, attributes, candidates);
  readCandidates(search, attributes, candidates, hits);
}

function isOneWord({ kind }: ColumnKind): boolean {
  return kind === SLOT.number || kind === SLOT.hex;
}

function searchKept({ needle, hashes }: TextSearch, { templated, kept }: DenseText, candidates: Uint8Array): void {
  if (kept.count === 0) return;
  const rows = templated.rowsOfTemplate(0);
  for (let page = 0; page + 1 < kept.pageStarts.length; page += 1) {
    const bloom = kept.bloom(page);
    if (!hashes.every((hash) => bloomMayHold(bloom, hash))) continue;
    const { text, offsets } = kept.pageText(page);
    const searched = needle.folded ? foldCase(text) : text;
    const first = kept.pageStarts[page] as number;
    let index = 0;
    for (let at = searched.indexOf(needle.text); at >= 0; ) {
      while ((offsets[index + 1] as number) <= at) index += 1;
      const end = offsets[index + 1] as number;
      if (at + needle.text.length <= end) {
        candidates[rows[first + index] as number] = 1;
        at = searched.indexOf(needle.text, end);
      } else at = searched.indexOf(needle.text, at + 1);
    }
  }
}

/** Reads the texts of the candidates that are no hits yet, and makes hits of those in which it is found. */
function readCandidates({ verify }: TextSearch, { templated, kept }: DenseText, candidates: Uint8Array, hits: Uint8Array): void {
  let first = -1;
  let last = -1;
  for (let row = 0; row < hits.length; row += 1) {
    if (candidates[row] === 0) continue;
    if (hits[row] === 1) candidates[row] = 0;
    else {
      if (first < 0) first = row;
      last = row;
    }
  }
  if (first < 0) return;
  templated.read(
    first,
    last + 1,
    kept.text,
    (text, row) => {
      if (verify(text)) hits[row] = 1;
    },
    candidates,
  );
}
