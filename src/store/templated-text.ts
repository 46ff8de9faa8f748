import { createByteWriter } from "./byte-writer.ts";
import { findDerivations } from "./derived-columns.ts";
import { writeNumbers, writeSmallest } from "./number-column.ts";
import { type ColumnKind, type WrittenColumns, writeColumns, writeValues } from "./value-columns.ts";

/** The texts of a block taken apart: which template each row has, and the values of its slots in the order of the text. */
export type TemplatedRows = {
  /** Skeletons of the templates; template `n` is the one at `n - 1`. */
  templates: Uint8Array[];
  /** For each row its template, or 0 where the text is kept as it is. */
  templateOfRow: Uint32Array;
  /** For each template the columns of its slots. A template has a column once at most. */
  columnsOf: Uint32Array[];
  columns: ColumnKind[];
  /** Row by row, slot by slot, as in `Tokens`. */
  values: Float64Array;
  lengths: Uint32Array;
  /** For each row where its values start. */
  firstValue: Uint32Array;
  /** The words that slots hold, by number; UTF-8. */
  words: Uint8Array[];
  /** The texts, to which values and lengths point. */
  utf8: Uint8Array;
  /** Whether columns may follow from one another. */
  derives: boolean;
};

/** Templates, the rows' templates, and the columns, as bytes of a block's parts. */
export type TemplatedParts = { dictionary: Uint8Array; rows: Uint8Array } & WrittenColumns;

export function writeTemplated(source: TemplatedRows, maxLarge: number): TemplatedParts {
  const { templates, templateOfRow, columnsOf, columns, words, utf8 } = source;
  const gathered = gather(source);
  const derivations = source.derives ? findDerivations(gathered, utf8) : [];
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
    const { kind, values } = gathered[column] as (typeof gathered)[number];
    const own = derivations[column]?.values ?? values;
    out.varint(own.count);
    writeValues(kind, own, utf8, out);
  });
  return { dictionary: packed.copyFrom(0), rows: rows.copyFrom(0), ...written };
}

/** The values in the order of their columns, of each column in the order of the rows. */
function gather({ templateOfRow, columnsOf, columns, values, lengths, firstValue }: TemplatedRows) {
  const starts = new Uint32Array(columns.length + 1);
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const template = templateOfRow[row] as number;
    if (template === 0) continue;
    const own = columnsOf[template - 1] as Uint32Array;
    for (let i = 0; i < own.length; i += 1) starts[(own[i] as number) + 1] = (starts[(own[i] as number) + 1] as number) + 1;
  }
  for (let column = 0; column < columns.length; column += 1) {
    starts[column + 1] = (starts[column + 1] as number) + (starts[column] as number);
  }
  const next = starts.slice();
  const total = starts[columns.length] as number;
  const gatheredValues = new Float64Array(total);
  const gatheredLengths = new Uint32Array(total);
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const template = templateOfRow[row] as number;
    if (template === 0) continue;
    const own = columnsOf[template - 1] as Uint32Array;
    const from = firstValue[row] as number;
    for (let i = 0; i < own.length; i += 1) {
      const column = own[i] as number;
      const to = next[column] as number;
      gatheredValues[to] = values[from + i] as number;
      gatheredLengths[to] = lengths[from + i] as number;
      next[column] = to + 1;
    }
  }
  return columns.map((kind, column) => {
    const [from, to] = [starts[column] as number, starts[column + 1] as number];
    const own = { values: gatheredValues.subarray(from, to), lengths: gatheredLengths.subarray(from, to), count: to - from };
    return { kind, values: own, rows: () => rowsWithColumn(columnsOf, column, templateOfRow) };
  });
}

/** The rows whose templates have the column. */
function rowsWithColumn(columnsOf: readonly Uint32Array[], column: number, templateOfRow: Uint32Array): Uint32Array {
  const has = Uint8Array.from([0, ...columnsOf.map((own) => (own.includes(column) ? 1 : 0))]);
  return selectRows(has, templateOfRow, templateOfRow.length);
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
