import { createByteWriter } from "../bytes/byte-writer.ts";
import { type ColumnKind, type ColumnValues, type WrittenColumns, writeColumns, writeValues } from "../column/value-columns.ts";
import { writeNumbers, writeSmallest } from "../column/write-numbers.ts";
import type { RowColumns } from "../extract/gather-columns.ts";
import type { Derivation } from "./derived-columns.ts";

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

/** Templates, the rows' templates, and the columns, as bytes of a block's parts. */
export type TemplatedParts = { dictionary: Uint8Array; rows: Uint8Array } & WrittenColumns;

/** `derivations` say which columns follow from another, and how. */
export function writeTemplated(
  { templates, templateOfRow, columnsOf, columns, values, words, utf8 }: TemplatedRows,
  derivations: (Derivation | undefined)[],
  maxLarge: number,
): TemplatedParts {
  const dictionary = createByteWriter();
  dictionary.varint(templates.length);
  for (const [index, skeleton] of templates.entries()) {
    dictionary.varint(skeleton.length);
    dictionary.append(skeleton);
    const own = columnsOf[index] as Uint32Array;
    for (const column of own) dictionary.varint(column);
  }
  dictionary.varint(columns.length);
  for (const [index, { kind, digits }] of columns.entries()) {
    dictionary.byte(kind);
    dictionary.byte(digits);
    // 0 where a column follows from no other.
    dictionary.varint((derivations[index]?.source ?? -1) + 1);
  }
  dictionary.varint(words.length);
  for (const word of words) {
    dictionary.varint(word.length);
    dictionary.append(word);
  }
  const packed = createByteWriter();
  writeSmallest(dictionary.copyFrom(0), packed);
  const rows = createByteWriter();
  writeNumbers(templateOfRow, templateOfRow.length, rows);
  const written = writeColumns(columns.length, maxLarge, (column, out) => {
    const own = derivations[column]?.values ?? (values[column] as ColumnValues);
    out.varint(own.count);
    writeValues(columns[column] as ColumnKind, own, utf8, out);
  });
  return { dictionary: packed.copyFrom(0), rows: rows.copyFrom(0), ...written };
}

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
