import { createByteReader } from "./byte-writer.ts";
import { openDerived } from "./derived-columns.ts";
import type { KeptTexts } from "./kept-texts.ts";
import { lazy } from "./lazy.ts";
import { readIndexes } from "./read-numbers.ts";
import { createRowTexts, type RowTexts, textOfRow } from "./row-texts.ts";
import { countTemplates, findRows, orderByTemplate, sortByTemplate } from "./rows-by-template.ts";
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
  /** Puts the texts of rows of the page that starts with `from`, by their places on it, into `into`, where they are `escaped` as they stand inside a JSON string. */
  write(from: number, places: ArrayLike<number>, kept: KeptTexts, escaped: boolean, into: RowTexts): void;
  /** The text of the `rank`-th row of a template that shares its columns with no other. */
  textAt(template: number, rank: number): string;
  /** The rows that have a value in the column, in the order of its values. */
  rowsOfColumn(index: number): Uint32Array;
  /** The rows of a template (0: those whose texts are kept as they are), in their order. */
  rowsOfTemplate(template: number): Uint32Array;
};

/** So many rows are read together. */
export const PAGE_ROWS = 4096;
/** Fewer texts are written as they come, not template by template. */
const FEW_PLACES = 64;
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

  /** For each row of a page where its slots start, and for each slot which value of its column it has. */
  type PageSlots = { firstSlot: Uint32Array; valueOfSlot: Uint32Array };

  // Those of pages that were asked for again; rows may be read one at a time, now of this page and now of that.
  const slotsOfPages = new Map<number, PageSlots>();
  const askedOnce = new Set<number>();
  // Used again from page to page.
  let firstSlot = new Uint32Array();
  let valueOfSlot = new Uint32Array();

  function slotsOf(from: number): PageSlots {
    const known = slotsOfPages.get(from);
    if (known !== undefined) return known;
    const slots = placeSlots(from);
    if (!askedOnce.has(from)) {
      askedOnce.add(from);
      return { firstSlot, valueOfSlot };
    }
    const own = { firstSlot: firstSlot.slice(), valueOfSlot: valueOfSlot.slice(0, slots) };
    slotsOfPages.set(from, own);
    return own;
  }

  /** Answers with how many slots the page has. */
  function placeSlots(from: number): number {
    const ofRow = templateOfRow();
    const counts = valuesBefore(from);
    const count = Math.min(PAGE_ROWS, rows - from);
    if (firstSlot.length < count) firstSlot = new Uint32Array(count);
    let slots = 0;
    for (let place = 0; place < count; place += 1) {
      const template = ofRow[from + place] as number;
      firstSlot[place] = slots;
      // What is kept as it is counts as one slot.
      const first = template === 0 ? 0 : (slotStarts[template] as number);
      const last = template === 0 ? 1 : (slotStarts[template + 1] as number);
      if (slots + last - first > valueOfSlot.length) {
        valueOfSlot = growTo(new Uint32Array((slots + last - first) * 2 + 64), valueOfSlot);
      }
      for (let slot = first; slot < last; slot += 1, slots += 1) {
        const column = template === 0 ? columns.length : (slotColumns[slot] as number);
        const value = counts[column] as number;
        valueOfSlot[slots] = value;
        counts[column] = value + 1;
      }
    }
    return slots;
  }

  /** Writes the texts from the `first`-th place on that are of one template, and answers with what stands behind them. */
  function writeTemplate(
    from: number,
    places: ArrayLike<number>,
    first: number,
    slotsOfPage: PageSlots,
    kept: KeptTexts,
    escaped: boolean,
    { buffer, starts, ends }: RowTexts,
  ): number {
    const ofRow = templateOfRow();
    const template = ofRow[from + (places[first] as number)] as number;
    const pieces = dictionary.pieces(escaped);
    const readers: ValueReader[] = [];
    const firstPiece = (slotStarts[template] as number) + template - 1;
    if (template > 0) {
      const end = slotStarts[template + 1] as number;
      for (let slot = slotStarts[template] as number; slot < end; slot += 1) readers.push(column(slotColumns[slot] as number));
    }
    let at = first;
    for (; at < places.length && ofRow[from + (places[at] as number)] === template; at += 1) {
      const place = places[at] as number;
      const slot = slotsOfPage.firstSlot[place] as number;
      starts[place] = buffer.length;
      if (template === 0) kept.put(slotsOfPage.valueOfSlot[slot] as number, escaped, buffer);
      else {
        putBytes(buffer, pieces.utf8, pieces.starts[firstPiece], pieces.ends[firstPiece]);
        for (let i = 0; i < readers.length; i += 1) {
          const { places: ofValues, putDistinct } = readers[i] as ValueReader;
          putDistinct(ofValues.at(slotsOfPage.valueOfSlot[slot + i] as number), buffer);
          putBytes(buffer, pieces.utf8, pieces.starts[firstPiece + i + 1], pieces.ends[firstPiece + i + 1]);
        }
      }
      ends[place] = buffer.length;
    }
    return at;
  }

  function write(from: number, places: ArrayLike<number>, kept: KeptTexts, escaped: boolean, into: RowTexts): void {
    // What rows of one template need lies in the processor's cache after the first of them.
    const ordered = places.length < FEW_PLACES ? places : orderByTemplate(places, from, templateOfRow(), templates);
    const slots = slotsOf(from);
    for (let at = 0; at < ordered.length; ) at = writeTemplate(from, ordered, at, slots, kept, escaped, into);
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
        const places: number[] = [];
        for (let row = start; row < end; row += 1) if (wanted === undefined || wanted[row - from] === 1) places.push(row - start);
        if (places.length === 0) continue;
        into.buffer.length = 0;
        write(start, places, kept, false, into);
        for (const place of places) take(textOfRow(into, place), start + place);
      }
    },
  };
}
