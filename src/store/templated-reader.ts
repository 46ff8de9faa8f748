import { createByteReader } from "./byte-writer.ts";
import { openDerived } from "./derived-columns.ts";
import type { KeptTexts } from "./kept-texts.ts";
import { growTo } from "./message-tokens.ts";
import { readNumbers } from "./number-column.ts";
import { createRowTexts, type RowTexts } from "./row-texts.ts";
import type { Template, TemplateDictionary } from "./template-dictionary.ts";
import { rowsWithColumn } from "./templated-text.ts";
import { putBytes } from "./text-buffer.ts";
import { type ColumnKind, openColumns, readValues, textOf, type ValueReader } from "./value-columns.ts";

/** Reads texts that `writeTemplated` wrote. */
export type TemplatedReader = Pick<TemplateDictionary, "templates" | "columns" | "words"> & {
  /** For each row its template, or 0 where its text is kept as it is. */
  templateOfRow(): Float64Array;
  column(index: number): ValueReader;
  /** Calls `take` with the text of each row from `from` up to `to`, or of those for which `wanted` has a 1 (the first entry being that of `from`). */
  read(from: number, to: number, kept: KeptTexts, take: (text: string, row: number) => void, wanted?: Uint8Array): void;
  /** Puts the texts of the rows from `from` on for which `wanted` has a 1 into `into`, where they are `escaped` as they stand inside a JSON string. */
  write(from: number, wanted: Uint8Array, kept: KeptTexts, escaped: boolean, into: RowTexts): void;
  /** The text of the `rank`-th row of a template that shares its columns with no other. */
  textAt(template: number, rank: number): string;
  /** The rows that have a value in the column, in the order of its values. */
  rowsOfColumn(index: number): Uint32Array;
  /** The rows of a template (0: those whose texts are kept as they are), in their order. */
  rowsOfTemplate(template: number): Uint32Array;
};

const ROWS_A_SNAPSHOT = 4096;
/** So many rows are read together. */
const ROWS_A_READ = 4096;
/** What is kept as it is counts as one slot. */
const KEPT_SLOT = new Uint32Array(1);

export function openTemplated(
  dictionary: TemplateDictionary,
  rows: number,
  parts: { rows(): Uint8Array; small(): Uint8Array; large(index: number): Uint8Array },
): TemplatedReader {
  const { templates, columns, sources, words } = dictionary;
  let rowTemplates: Float64Array | undefined;
  // Filled beforehand: a list with holes takes far longer to look into.
  const opened: (ValueReader | undefined)[] = Array.from({ length: columns.length }, () => undefined);
  let readerOfColumn: ReturnType<typeof openColumns> | undefined;
  // How many rows of each template there are before every 4096th row.
  let pages: Uint32Array[] | undefined;

  function templateOfRow(): Float64Array {
    rowTemplates ??= readNumbers(createByteReader(parts.rows()), rows);
    return rowTemplates;
  }

  function countPages(): Uint32Array[] {
    const ofRow = templateOfRow();
    const counts = new Uint32Array(templates.length + 1);
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
    const own = (templates[template - 1] as Template).columns;
    for (let i = 0; i < own.length; i += 1) counts[own[i] as number] = (counts[own[i] as number] as number) + by;
  }

  const rowsOfColumn = (index: number) =>
    rowsWithColumn(
      templates.map(({ columns: own }) => own),
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
    return openDerived(
      values,
      column(source - 1),
      () => rowsOfColumn(index),
      () => rowsOfColumn(source - 1),
    );
  }

  /** Rows of a page in the order of their templates, and for each slot of each row which value of its column it has. */
  type PageRows = { rows: Uint32Array; from: number; firstSlot: Uint32Array; valueOfSlot: Uint32Array };

  function orderByTemplate(ofRow: Float64Array, from: number, wanted: Uint8Array, counts: Uint32Array): PageRows {
    const rowsOf = new Uint32Array(templates.length + 2);
    const firstSlot = new Uint32Array(wanted.length);
    let valueOfSlot = new Uint32Array(wanted.length * 8);
    let slots = 0;
    for (let i = 0; i < wanted.length; i += 1) {
      const number = ofRow[from + i] as number;
      if (wanted[i] === 1) {
        rowsOf[number + 1] = (rowsOf[number + 1] as number) + 1;
        firstSlot[i] = slots;
        const own = number === 0 ? KEPT_SLOT : (templates[number - 1] as Template).columns;
        if (slots + own.length > valueOfSlot.length) valueOfSlot = growTo(new Uint32Array((slots + own.length) * 2), valueOfSlot);
        for (let slot = 0; slot < own.length; slot += 1, slots += 1) {
          valueOfSlot[slots] = counts[number === 0 ? columns.length : (own[slot] as number)] as number;
        }
      }
      advance(counts, number, 1);
    }
    for (let template = 0; template <= templates.length; template += 1) {
      rowsOf[template + 1] = (rowsOf[template + 1] as number) + (rowsOf[template] as number);
    }
    const rows = new Uint32Array(rowsOf[templates.length + 1] as number);
    for (let i = 0; i < wanted.length; i += 1) {
      if (wanted[i] !== 1) continue;
      const number = ofRow[from + i] as number;
      rows[rowsOf[number] as number] = i;
      rowsOf[number] = (rowsOf[number] as number) + 1;
    }
    return { rows, from, firstSlot, valueOfSlot };
  }

  /** Writes the rows from the `first`-th on that have the same template, and answers with the place behind them. */
  function writeTemplate(
    { rows, from, firstSlot, valueOfSlot }: PageRows,
    first: number,
    kept: KeptTexts,
    escaped: boolean,
    { buffer, starts, ends }: RowTexts,
  ): number {
    const ofRow = templateOfRow();
    const number = ofRow[from + (rows[first] as number)] as number;
    const template = templates[number - 1];
    const pieces = template?.utf8Pieces(escaped);
    const readers: ValueReader[] = [];
    for (const index of template?.columns ?? []) readers.push(column(index));
    let at = first;
    for (; at < rows.length && ofRow[from + (rows[at] as number)] === number; at += 1) {
      const row = rows[at] as number;
      const slot = firstSlot[row] as number;
      starts[row] = buffer.length;
      if (pieces === undefined) kept.put(valueOfSlot[slot] as number, escaped, buffer);
      else {
        putBytes(buffer, pieces[0] as Uint8Array);
        for (let i = 0; i < readers.length; i += 1) {
          const { places, putDistinct } = readers[i] as ValueReader;
          putDistinct(places.at(valueOfSlot[slot + i] as number), buffer);
          putBytes(buffer, pieces[i + 1] as Uint8Array);
        }
      }
      ends[row] = buffer.length;
    }
    return at;
  }

  function write(from: number, wanted: Uint8Array, kept: KeptTexts, escaped: boolean, into: RowTexts): void {
    const page = orderByTemplate(templateOfRow(), from, wanted, valuesBefore(from));
    for (let i = 0; i < page.rows.length; ) i = writeTemplate(page, i, kept, escaped, into);
  }

  // The rows of the first template, then those of the next one ..., and where each begins.
  let byTemplate: { rows: Uint32Array; starts: Uint32Array } | undefined;

  return {
    templates,
    templateOfRow,
    columns,
    words,
    column,
    rowsOfTemplate(template) {
      byTemplate ??= sortByTemplate(templateOfRow(), templates.length);
      return byTemplate.rows.subarray(byTemplate.starts[template], byTemplate.starts[template + 1]);
    },
    textAt(number, rank) {
      const { pieces, columns: own } = templates[number - 1] as Template;
      let text = pieces[0] as string;
      for (let i = 0; i < own.length; i += 1) text += textOf(column(own[i] as number), rank) + (pieces[i + 1] as string);
      return text;
    },
    rowsOfColumn,
    write,
    read(from, to, kept, take, wanted) {
      const into = createRowTexts(ROWS_A_READ);
      for (let start = from; start < to; start += ROWS_A_READ) {
        const end = Math.min(to, start + ROWS_A_READ);
        const own = wanted === undefined ? new Uint8Array(end - start).fill(1) : wanted.subarray(start - from, end - from);
        if (!own.includes(1)) continue;
        into.buffer.length = 0;
        write(start, own, kept, false, into);
        const utf8 = Buffer.from(into.buffer.bytes.buffer);
        for (let i = 0; i < own.length; i += 1) {
          if (own[i] === 1) take(utf8.toString("utf8", into.starts[i], into.ends[i]), start + i);
        }
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
