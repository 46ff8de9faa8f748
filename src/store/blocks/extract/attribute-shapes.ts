import { createScratch } from "../../../memory/scratch.ts";
import type { ColumnKind } from "../column/value-columns.ts";
import { pathsOf, QUOTE, slotsOf } from "../template/skeleton.ts";
import type { TemplatedRows } from "../template/templated-rows.ts";
import { tokenizeAttributes } from "./attribute-tokens.ts";
import { gatherColumns } from "./gather-columns.ts";

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
