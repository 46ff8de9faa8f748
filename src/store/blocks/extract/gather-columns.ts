import { createScratch } from "../../../memory/scratch.ts";
import type { ColumnValues } from "../column/value-columns.ts";
import { SLOT } from "../column/value-kind.ts";
import type { RowColumns } from "../template/templated-rows.ts";
import type { Tokens } from "./message-tokens.ts";

const valueScratch = createScratch((length) => new Float64Array(length));
const lengthScratch = createScratch((length) => new Uint32Array(length));

/**
 * The values of rows column by column, of each column in the order of the rows. `wordOf` gives what is in the n-th word slot
 * of a row; the values of all other slots are those of the tokens. All are good until others are gathered.
 */
export function gatherColumns(
  { firstValue, values, lengths }: Tokens,
  { templateOfRow, columnsOf, columns }: RowColumns,
  wordOf: (row: number, n: number) => number,
): ColumnValues[] {
  const rowsOf = new Uint32Array(columnsOf.length + 1);
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const template = templateOfRow[row] as number;
    rowsOf[template] = (rowsOf[template] as number) + 1;
  }
  const counts = new Uint32Array(columns.length);
  for (const [place, own] of columnsOf.entries()) {
    for (const column of own) counts[column] = (counts[column] as number) + (rowsOf[place + 1] as number);
  }
  // Where the next value of each column goes; in the end, where the column ends.
  const next = new Uint32Array(columns.length);
  let total = 0;
  for (let column = 0; column < columns.length; column += 1) {
    next[column] = total;
    total += counts[column] as number;
  }
  const isWord = Uint8Array.from(columns, ({ kind }) => (kind === SLOT.word ? 1 : 0));
  const gatheredValues = valueScratch(total);
  const gatheredLengths = lengthScratch(total);
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const template = templateOfRow[row] as number;
    if (template === 0) continue;
    const own = columnsOf[template - 1] as Uint32Array;
    let from = firstValue[row] as number;
    let words = 0;
    for (let i = 0; i < own.length; i += 1) {
      const column = own[i] as number;
      const to = next[column] as number;
      next[column] = to + 1;
      if (isWord[column] === 1) {
        gatheredValues[to] = wordOf(row, words);
        gatheredLengths[to] = 0;
        words += 1;
        continue;
      }
      gatheredValues[to] = values[from] as number;
      gatheredLengths[to] = lengths[from] as number;
      from += 1;
    }
  }
  return columns.map((_, column) => {
    const [end, count] = [next[column] as number, counts[column] as number];
    return { values: gatheredValues.subarray(end - count, end), lengths: gatheredLengths.subarray(end - count, end), count };
  });
}
