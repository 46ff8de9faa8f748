import { createScratch } from "../../../memory/scratch.ts";
import type { ColumnKind } from "../column/value-columns.ts";
import type { TemplatedRows } from "../template/templated-text.ts";
import { tokenizeAttributes } from "./attribute-tokens.ts";
import { gatherColumns } from "./gather-columns.ts";
import { FIRST_SLOT, SLOT, slotsOf } from "./skeleton-table.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What fewer rows have in common is kept as text. */
const MIN_ROWS = 4;

const templateScratch = createScratch((length) => new Uint32Array(length));

/**
 * Takes a block's attributes apart: a template for each shape of object, a column for each path and kind of value. Good until
 * another's are.
 */
export function templateAttributes(utf8: Uint8Array, offsets: Uint32Array): TemplatedRows {
  const tokens = tokenizeAttributes(utf8, offsets);
  const { skeletons, skeletonOfRow } = tokens;
  const rowsOf = new Uint32Array(skeletons.count());
  for (let row = 0; row < skeletonOfRow.length; row += 1) {
    const skeleton = skeletonOfRow[row] as number;
    rowsOf[skeleton] = (rowsOf[skeleton] as number) + 1;
  }
  const kept = [...rowsOf.keys()].filter((skeleton) => (rowsOf[skeleton] as number) >= MIN_ROWS);
  kept.sort((a, b) => (rowsOf[b] as number) - (rowsOf[a] as number));
  const templateOf = new Uint32Array(skeletons.count());
  for (const [place, skeleton] of kept.entries()) templateOf[skeleton] = place + 1;

  const columns: ColumnKind[] = [];
  const numbers = new Map<string, number>();
  const templates = kept.map((skeleton) => skeletons.get(skeleton));
  const columnsOf = templates.map((skeleton) => {
    const paths = pathsOf(skeleton);
    const own = new Map<string, number>();
    return Uint32Array.from(slotsOf(skeleton), ({ kind, digits, start }, slot) => {
      const path = JSON.stringify(paths[slot]);
      // What is no proper JSON may have a name twice.
      const times = own.get(path) ?? 0;
      own.set(path, times + 1);
      // Strings and other texts are told apart: `[1]` is not "[1]".
      const key = `${kind} ${digits} ${skeleton[start - 1] === QUOTE} ${times} ${path}`;
      const known = numbers.get(key) ?? columns.push({ kind, digits }) - 1;
      numbers.set(key, known);
      return known;
    });
  });
  const templateOfRow = templateScratch(skeletonOfRow.length);
  for (let row = 0; row < templateOfRow.length; row += 1) templateOfRow[row] = templateOf[skeletonOfRow[row] as number] as number;
  const values = gatherColumns(tokens, { templateOfRow, columnsOf, columns }, () => 0);
  return { templates, templateOfRow, columnsOf, columns, values, words: [], utf8 };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** For each slot of a shape the names that lead to it, as JSON writes them. */
export function pathsOf(skeleton: Uint8Array): string[][] {
  const paths: string[][] = [];
  const outer: string[] = [];
  let key = "";
  for (let at = 0; at < skeleton.length; at += 1) {
    const byte = skeleton[at] as number;
    if (byte === QUOTE && (skeleton[at + 1] as number) < FIRST_SLOT) {
      const start = at + 1;
      for (at = start; at < skeleton.length && skeleton[at] !== QUOTE; at += 1) if (skeleton[at] === BACKSLASH) at += 1;
      key = decoder.decode(skeleton.subarray(start, at));
    } else if (byte === QUOTE || byte >= FIRST_SLOT) {
      // A string's slot stands between quotes.
      if (byte === QUOTE) at += 1;
      paths.push([...outer.slice(1), key]);
      if (skeleton[at] === SLOT.hex) at += 1;
      if (byte === QUOTE) at += 1;
    } else if (byte === OPEN_OBJECT) outer.push(key);
    else if (byte === CLOSE_OBJECT) outer.pop();
  }
  return paths;
}
