import type { ColumnKind, ColumnValues } from "../column/value-columns.ts";

/** The rows' templates (`n` is the one at `n - 1`, 0 is none), and for each template the columns of its slots. */
export type RowColumns = { templateOfRow: Uint32Array; columnsOf: Uint32Array[]; columns: ColumnKind[] };

/** The texts of a block taken apart: which template each row has, and the values of its slots. */
export type TemplatedRows = RowColumns & {
  /** Skeletons of the templates; a row without one has its text kept as it is. A template has a column once at most. */
  templates: Uint8Array[];
  /** The columns' values, in the order of the rows that have the column. */
  values: ColumnValues[];
  /** The words that slots hold, by number; UTF-8. */
  words: Uint8Array[];
  /** The texts, to which values point. */
  utf8: Uint8Array;
};

/** The rows whose templates have the column: as many as it has values. */
export function rowsWithColumn({ columnsOf, templateOfRow, values }: TemplatedRows, column: number): Uint32Array {
  const has = Uint8Array.from([0, ...columnsOf.map((own) => (own.includes(column) ? 1 : 0))]);
  return selectRows(has, templateOfRow, (values[column] as ColumnValues).count);
}

/** The rows, at most so many, whose templates have a 1 in `has`. */
export function selectRows(has: Uint8Array, templateOfRow: Uint32Array, limit: number): Uint32Array {
  // Without a branch, which nothing would foretell: a row that does not count is written over.
  const rows = new Uint32Array(limit + 1);
  let count = 0;
  for (let row = 0; row < templateOfRow.length; row += 1) {
    rows[count] = row;
    count += has[templateOfRow[row] as number] as number;
  }
  return rows.subarray(0, count);
}
