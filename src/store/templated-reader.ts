import { createByteReader } from "./byte-writer.ts";
import { openDerived } from "./derived-columns.ts";
import { readNumbers } from "./number-column.ts";
import type { TemplateDictionary } from "./template-dictionary.ts";
import { rowsWithColumn } from "./templated-text.ts";
import { type ColumnKind, openColumns, readValues, type ValueReader } from "./value-columns.ts";

/** Reads texts that `writeTemplated` wrote. */
export type TemplatedReader = Pick<TemplateDictionary, "count" | "template" | "templatesWith" | "columns" | "words"> & {
  /** For each row its template, or 0 where its text is kept as it is. */
  templateOfRow(): Float64Array;
  column(index: number): ValueReader;
  /**
   * Calls `take` with the text of each row from `from` up to `to`, or of those for which `wanted` has a 1 (the first entry being that of `from`); `keptText` gives
   * the n-th of the texts that are kept as they are.
   */
  read(
    from: number,
    to: number,
    keptText: (index: number) => string,
    take: (text: string, row: number) => void,
    wanted?: Uint8Array,
  ): void;
  /** The text of the `rank`-th row of a template that shares its columns with no other. */
  textAt(template: number, rank: number): string;
  /** The rows that have a value in the column, in the order of its values. */
  rowsOfColumn(index: number): Uint32Array;
  /** The rows of a template (0: those whose texts are kept as they are), in their order. */
  rowsOfTemplate(template: number): Uint32Array;
};

const ROWS_A_SNAPSHOT = 4096;

export function openTemplated(
  dictionary: TemplateDictionary,
  rows: number,
  parts: { rows(): Uint8Array; small(): Uint8Array; large(index: number): Uint8Array },
): TemplatedReader {
  const { count: templateCount, template: templateAt, templatesWith, columns, sources, words } = dictionary;
  let rowTemplates: Float64Array | undefined;
  // Filled beforehand: a list with holes takes far longer to look into.
  const opened: (ValueReader | undefined)[] = new Array(columns.length).fill(undefined);
  let readerOfColumn: ReturnType<typeof openColumns> | undefined;
  // How many rows of each template there are before every 4096th row.
  let pages: Uint32Array[] | undefined;

  function templateOfRow(): Float64Array {
    rowTemplates ??= readNumbers(createByteReader(parts.rows()), rows);
    return rowTemplates;
  }

  function countPages(): Uint32Array[] {
    const ofRow = templateOfRow();
    const counts = new Uint32Array(templateCount + 1);
    const made = [counts.slice()];
    for (let row = 0; row < rows; row += 1) {
      const template = ofRow[row] as number;
      counts[template] = (counts[template] as number) + 1;
      if ((row + 1) % ROWS_A_SNAPSHOT === 0 || row + 1 === rows) made.push(counts.slice());
    }
    return made;
  }

  /** How many values of each column the rows before `from` have; the last entry is for the texts kept as they are. */
  function valuesBefore(from: number): Uint32Array {
    pages ??= countPages();
    const nearest = Math.floor(from / ROWS_A_SNAPSHOT);
    const rowsOf = pages[nearest] as Uint32Array;
    const counts = new Uint32Array(columns.length + 1);
    for (let template = 0; template < rowsOf.length; template += 1) advance(counts, template, rowsOf[template] as number);
    const ofRow = templateOfRow();
    for (let row = nearest * ROWS_A_SNAPSHOT; row < from; row += 1) advance(counts, ofRow[row] as number, 1);
    return counts;
  }

  function advance(counts: Uint32Array, template: number, by: number): void {
    if (template === 0) {
      counts[columns.length] = (counts[columns.length] as number) + by;
      return;
    }
    const own = templateAt(template).columns;
    for (let i = 0; i < own.length; i += 1) counts[own[i] as number] = (counts[own[i] as number] as number) + by;
  }

  const rowsOfColumn = (index: number) =>
    rowsWithColumn(
      Array.from({ length: templateCount }, (_, place) => templateAt(place + 1).columns),
      index,
      templateOfRow(),
    );

  function column(index: number): ValueReader {
    const known = opened[index];
    if (known !== undefined) return known;
    const reader = open(index);
    opened[index] = reader;
    return reader;
  }

  function open(index: number): ValueReader {
    readerOfColumn ??= openColumns(parts.small(), columns.length, parts.large);
    const kind = columns[index] as ColumnKind;
    const source = sources[index] as number;
    const reader = readerOfColumn(index);
    const values = readValues(kind, reader, reader.varint(), words);
    if (source === 0) return values;
    const indexes = () => {
      const found = column(source - 1).indexes();
      if (found === undefined) throw new Error("a column follows from one that tells no values apart");
      return found;
    };
    return openDerived(
      values,
      () => rowsOfColumn(index),
      () => rowsOfColumn(source - 1),
      indexes,
    );
  }

  // The rows of the first template, then those of the next one ..., and where each begins.
  let byTemplate: { rows: Uint32Array; starts: Uint32Array } | undefined;

  return {
    count: templateCount,
    template: templateAt,
    templatesWith,
    templateOfRow,
    columns,
    words,
    column,
    rowsOfTemplate(template) {
      byTemplate ??= sortByTemplate(templateOfRow(), templateCount);
      return byTemplate.rows.subarray(byTemplate.starts[template], byTemplate.starts[template + 1]);
    },
    textAt(number, rank) {
      const { pieces: piecesOf, columns: own } = templateAt(number);
      const pieces = piecesOf();
      let text = pieces[0] as string;
      for (let i = 0; i < own.length; i += 1) text += column(own[i] as number).text(rank) + (pieces[i + 1] as string);
      return text;
    },
    rowsOfColumn,
    read(from, to, keptText, take, wanted) {
      const ofRow = templateOfRow();
      const counts = valuesBefore(from);
      for (let row = from; row < to; row += 1) {
        const number = ofRow[row] as number;
        if (wanted !== undefined && wanted[row - from] !== 1) {
          advance(counts, number, 1);
          continue;
        }
        if (number === 0) {
          const index = counts[columns.length] as number;
          take(keptText(index), row);
          counts[columns.length] = index + 1;
          continue;
        }
        const { pieces: piecesOf, columns: own } = templateAt(number);
        const pieces = piecesOf();
        let text = pieces[0] as string;
        for (let i = 0; i < own.length; i += 1) {
          const index = own[i] as number;
          const at = counts[index] as number;
          text += column(index).text(at) + (pieces[i + 1] as string);
          counts[index] = at + 1;
        }
        take(text, row);
      }
    },
  };
}

function countRows(templateOfRow: Float64Array, templates: number): Uint32Array {
  const counts = new Uint32Array(templates + 1);
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const template = templateOfRow[row] as number;
    counts[template] = (counts[template] as number) + 1;
  }
  return counts;
}

function sortByTemplate(templateOfRow: Float64Array, templates: number): { rows: Uint32Array; starts: Uint32Array } {
  const rowsOf = countRows(templateOfRow, templates);
  const starts = new Uint32Array(templates + 2);
  for (let template = 0; template <= templates; template += 1) {
    starts[template + 1] = (starts[template] as number) + (rowsOf[template] as number);
  }
  const rows = new Uint32Array(templateOfRow.length);
  const next = starts.slice();
  for (let row = 0; row < rows.length; row += 1) {
    const template = templateOfRow[row] as number;
    rows[next[template] as number] = row;
    next[template] = (next[template] as number) + 1;
  }
  return { rows, starts };
}
