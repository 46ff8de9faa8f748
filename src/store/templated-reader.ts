import { createByteReader } from "./byte-writer.ts";
import { openDerived } from "./derived-columns.ts";
import type { KeptTexts } from "./kept-texts.ts";
import { lazy } from "./lazy.ts";
import { readIndexes } from "./read-numbers.ts";
import { createRowTexts, type RowTexts } from "./row-texts.ts";
import { countTemplates, findRows, sortByTemplate } from "./rows-by-template.ts";
import { growTo } from "./skeleton.ts";
import type { TemplateDictionary } from "./template-dictionary.ts";
import { selectRows } from "./templated-text.ts";
import { putBytes } from "./text-buffer.ts";
import { type ColumnKind, openColumns, readValues, textOf, type ValueReader } from "./value-columns.ts";

/** Reads texts that `writeTemplated` wrote. */
export type TemplatedReader = Pick<TemplateDictionary, "count" | "template" | "templatesWith" | "columns" | "words"> & {
  /** For each row its template, or 0 where its text is kept as it is. */
  templateOfRow(): Uint32Array;
  /** How many rows of each template come before `from`, which a page starts with. */
  rowsBefore(from: number): Uint32Array;
  column(index: number): ValueReader;
  /**
   * Calls `take` with the text of each row from `from`, which a page starts with, up to `to`, or of those for which `wanted`
   * has a 1 (the first entry being that of `from`).
   */
  read(from: number, to: number, kept: KeptTexts, take: (text: string, row: number) => void, wanted?: Uint8Array): void;
  /** Puts the texts of the rows of the page that starts with `from` for which `wanted` has a 1 into `into`, where they are `escaped` as they stand inside a JSON string. */
  write(from: number, wanted: Uint8Array, kept: KeptTexts, escaped: boolean, into: RowTexts): void;
  /** The text of the `rank`-th row of a template that shares its columns with no other. */
  textAt(template: number, rank: number): string;
  /** The rows that have a value in the column, in the order of its values. */
  rowsOfColumn(index: number): Uint32Array;
  /** The rows of a template (0: those whose texts are kept as they are), in their order. */
  rowsOfTemplate(template: number): Uint32Array;
};

/** So many rows are read together. */
export const PAGE_ROWS = 4096;
/** Fewer rows of a template are looked for by themselves; else all are sorted. */
const FEW_ROWS = 512;

export function openTemplated(
  dictionary: TemplateDictionary,
  rows: number,
  parts: { rows(): Uint8Array; small(): Uint8Array; large(index: number): Uint8Array },
): TemplatedReader {
  const { count: templates, slotColumns, slotStarts, columns, sources } = dictionary;
  const templateOfRow = lazy(() => readIndexes(createByteReader(parts.rows()), rows));
  // Filled beforehand: a list with holes takes far longer to look into.
  const opened: (ValueReader | undefined)[] = new Array(columns.length).fill(undefined);
  let readerOfColumn: ReturnType<typeof openColumns> | undefined;
  // How many rows of each template there are before each page, and in all.
  const pages = lazy(countPages);

  function countPages(): Uint32Array[] {
    const ofRow = templateOfRow();
    const counts = new Uint32Array(templates + 1);
    const made: Uint32Array[] = [];
    for (let from = 0; from < rows; from += PAGE_ROWS) {
      made.push(counts.slice());
      countTemplates(ofRow.subarray(from, from + PAGE_ROWS), counts);
    }
    made.push(counts);
    return made;
  }

  function rowsBefore(from: number): Uint32Array {
    if (from % PAGE_ROWS !== 0) throw new Error(`no page starts at row ${from}`);
    return pages()[from / PAGE_ROWS] as Uint32Array;
  }

  /** How many values of each column the rows before a page have; the last entry is for the texts kept as they are. */
  function valuesBefore(from: number): Uint32Array {
    const counts = new Uint32Array(columns.length + 1);
    const before = rowsBefore(from);
    for (let template = 0; template < before.length; template += 1) advance(counts, template, before[template] as number);
    return counts;
  }

  function advance(counts: Uint32Array, template: number, by: number): void {
    if (template === 0) {
      counts[columns.length] = (counts[columns.length] as number) + by;
      return;
    }
    const end = slotStarts[template + 1] as number;
    for (let slot = slotStarts[template] as number; slot < end; slot += 1) {
      const column = slotColumns[slot] as number;
      counts[column] = (counts[column] as number) + by;
    }
  }

  /** For each template (0: texts kept as they are) 1 where it has the column. */
  function templatesWithColumn(index: number): Uint8Array {
    const has = new Uint8Array(templates + 1);
    for (let template = 1; template <= templates; template += 1) {
      const end = slotStarts[template + 1] as number;
      for (let slot = slotStarts[template] as number; slot < end; slot += 1) if (slotColumns[slot] === index) has[template] = 1;
    }
    return has;
  }

  function countWith(has: Uint8Array): number {
    const totals = pages().at(-1) as Uint32Array;
    let count = 0;
    for (let template = 0; template <= templates; template += 1) if (has[template] === 1) count += totals[template] as number;
    return count;
  }

  function rowsOfColumn(index: number): Uint32Array {
    const has = templatesWithColumn(index);
    return selectRows(has, templateOfRow(), countWith(has));
  }

  /** Of `values`, one for each row that has the column `source`, those of the rows that have the column `index`, too. */
  function selectBeside(index: number, source: number, values: ArrayLike<number>): ArrayLike<number> {
    const [has, hasSource] = [templatesWithColumn(index), templatesWithColumn(source)];
    if (Bun.deepEquals(has, hasSource)) return values;
    // Without a branch, which nothing would foretell: what does not count is written over.
    const beside = new Uint32Array(countWith(has) + 1);
    const ofRow = templateOfRow();
    let at = 0;
    let count = 0;
    for (let row = 0; row < ofRow.length; row += 1) {
      const template = ofRow[row] as number;
      beside[count] = values[at] as number;
      count += has[template] as number;
      at += hasSource[template] as number;
    }
    return beside.subarray(0, count);
  }

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
    const values = readValues(kind, reader, reader.varint(), dictionary.words);
    if (source === 0) return values;
    return openDerived(values, column(source - 1), (indexes) => selectBeside(index, source - 1, indexes));
  }

  /** Rows of a page in the order of their templates, and for each slot of each row which value of its column it has. */
  type PageRows = { rows: Uint32Array; from: number; firstSlot: Uint32Array; valueOfSlot: Uint32Array };

  // Used again from page to page: rows may be read one at a time, now of this page and now of that.
  let firstSlot = new Uint32Array();
  let valueOfSlot = new Uint32Array();

  function orderByTemplate(from: number, wanted: Uint8Array): PageRows {
    const ofRow = templateOfRow();
    const counts = valuesBefore(from);
    const end = wanted.lastIndexOf(1) + 1;
    const rowsOf = new Uint32Array(templates + 2);
    if (firstSlot.length < wanted.length) firstSlot = new Uint32Array(wanted.length);
    let slots = 0;
    for (let i = 0; i < end; i += 1) {
      const template = ofRow[from + i] as number;
      if (wanted[i] === 1) {
        rowsOf[template + 1] = (rowsOf[template + 1] as number) + 1;
        firstSlot[i] = slots;
        // What is kept as it is counts as one slot.
        const first = template === 0 ? 0 : (slotStarts[template] as number);
        const last = template === 0 ? 1 : (slotStarts[template + 1] as number);
        if (slots + last - first > valueOfSlot.length) {
          valueOfSlot = growTo(new Uint32Array((slots + last - first) * 2 + 64), valueOfSlot);
        }
        for (let slot = first; slot < last; slot += 1, slots += 1) {
          valueOfSlot[slots] = counts[template === 0 ? columns.length : (slotColumns[slot] as number)] as number;
        }
      }
      advance(counts, template, 1);
    }
    for (let template = 0; template <= templates; template += 1) {
      rowsOf[template + 1] = (rowsOf[template + 1] as number) + (rowsOf[template] as number);
    }
    const ordered = new Uint32Array(rowsOf[templates + 1] as number);
    for (let i = 0; i < end; i += 1) {
      if (wanted[i] !== 1) continue;
      const template = ofRow[from + i] as number;
      ordered[rowsOf[template] as number] = i;
      rowsOf[template] = (rowsOf[template] as number) + 1;
    }
    return { rows: ordered, from, firstSlot, valueOfSlot };
  }

  /** Writes the rows from the `first`-th on that have the same template, and answers with the place behind them. */
  function writeTemplate(page: PageRows, first: number, kept: KeptTexts, escaped: boolean, into: RowTexts): number {
    const { rows: ordered, from, firstSlot, valueOfSlot } = page;
    const { buffer, starts, ends } = into;
    const ofRow = templateOfRow();
    const template = ofRow[from + (ordered[first] as number)] as number;
    const pieces = dictionary.pieces(escaped);
    const readers: ValueReader[] = [];
    const firstPiece = (slotStarts[template] as number) + template - 1;
    if (template > 0) {
      const end = slotStarts[template + 1] as number;
      for (let slot = slotStarts[template] as number; slot < end; slot += 1) readers.push(column(slotColumns[slot] as number));
    }
    let at = first;
    for (; at < ordered.length && ofRow[from + (ordered[at] as number)] === template; at += 1) {
      const row = ordered[at] as number;
      const slot = firstSlot[row] as number;
      starts[row] = buffer.length;
      if (template === 0) kept.put(valueOfSlot[slot] as number, escaped, buffer);
      else {
        putBytes(buffer, pieces.utf8, pieces.starts[firstPiece], pieces.ends[firstPiece]);
        for (let i = 0; i < readers.length; i += 1) {
          const { places, putDistinct } = readers[i] as ValueReader;
          putDistinct(places.at(valueOfSlot[slot + i] as number), buffer);
          putBytes(buffer, pieces.utf8, pieces.starts[firstPiece + i + 1], pieces.ends[firstPiece + i + 1]);
        }
      }
      ends[row] = buffer.length;
    }
    return at;
  }

  function write(from: number, wanted: Uint8Array, kept: KeptTexts, escaped: boolean, into: RowTexts): void {
    const page = orderByTemplate(from, wanted);
    for (let at = 0; at < page.rows.length; ) at = writeTemplate(page, at, kept, escaped, into);
  }

  // The rows of the first template, then those of the next one ..., and where each begins.
  let byTemplate: { rows: Uint32Array; starts: Uint32Array } | undefined;

  return {
    count: templates,
    template: dictionary.template,
    templatesWith: dictionary.templatesWith,
    columns,
    words: dictionary.words,
    templateOfRow,
    rowsBefore,
    column,
    rowsOfTemplate(template) {
      const total = pages().at(-1)?.[template] ?? 0;
      if (byTemplate === undefined && total < FEW_ROWS) return findRows(templateOfRow(), template, total);
      byTemplate ??= sortByTemplate(templateOfRow(), pages().at(-1) as Uint32Array);
      return byTemplate.rows.subarray(byTemplate.starts[template], byTemplate.starts[template + 1]);
    },
    textAt(number, rank) {
      const { pieces: piecesOf, columns: own } = dictionary.template(number);
      const pieces = piecesOf();
      let text = pieces[0] as string;
      for (let i = 0; i < own.length; i += 1) text += textOf(column(own[i] as number), rank) + (pieces[i + 1] as string);
      return text;
    },
    rowsOfColumn,
    write,
    read(from, to, kept, take, wanted) {
      const into = createRowTexts(PAGE_ROWS);
      for (let start = from; start < to; start += PAGE_ROWS) {
        const end = Math.min(to, start + PAGE_ROWS);
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
