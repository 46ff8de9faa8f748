import type { Keep } from "../../../memory/read-cache.ts";
import { putBytes } from "../../../memory/text-buffer.ts";
import { createRowTexts, type RowTexts, textOfRow } from "../bytes/row-texts.ts";
import { openColumns } from "../column/packed-columns.ts";
import { type ColumnKind, readValues, textOf, type ValueReader } from "../column/value-columns.ts";
import { openDerived } from "./derived-columns.ts";
import { createPageSlots, FEW_ROWS, PAGE_ROWS, type PageSlots } from "./page-slots.ts";
import { orderByTemplate } from "./rows-by-template.ts";
import type { TemplateDictionary } from "./template-dictionary.ts";
import type { TemplateRows } from "./template-rows.ts";
import { selectRows } from "./templated-rows.ts";
import type { KeptTexts } from "./verbatim-texts.ts";

/** Reads texts that `writeTemplated` wrote. */
export type TemplatedReader = Pick<TemplateDictionary, "count" | "template" | "templatesWith" | "columns" | "words"> &
  Omit<TemplateRows, "totals"> & {
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
  };

/** Fewer texts are written as they come, not template by template. */
const FEW_PLACES = 64;

/** Reads texts of the dictionary's templates, of which `ofRows` says which row has which. `keep` is asked for what makes one text quick to find. */
export function openTemplated(
  dictionary: TemplateDictionary,
  rows: number,
  parts: { small(): Uint8Array; large(index: number): Uint8Array },
  ofRows: TemplateRows,
  keep: Keep,
): TemplatedReader {
  const { count: templates, slotColumns, slotStarts, columns, sources } = dictionary;
  const { totals, templateOfRow, templatesOfPage, rowsBefore } = ofRows;
  // Filled beforehand: a list with holes takes far longer to look into.
  const opened: (ValueReader | undefined)[] = new Array(columns.length).fill(undefined);
  let readerOfColumn: ReturnType<typeof openColumns> | undefined;
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
    const rowsOf = totals();
    let count = 0;
    for (let template = 0; template <= templates; template += 1) if (has[template] === 1) count += rowsOf[template] as number;
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
    const keepOwn: Keep = (name, make) => keep(`${index}/${name}`, make);
    const values = readValues(kind, reader, reader.varint(), dictionary.words, keepOwn);
    if (source === 0) return values;
    return openDerived(
      values,
      () => column(source - 1),
      (indexes) => selectBeside(index, source - 1, indexes),
      keepOwn,
    );
  }

  const slots = createPageSlots(dictionary, rows, templatesOfPage, rowsBefore);

  /** Writes the texts from the `first`-th place on that are of one template, and answers with what stands behind them. */
  function writeTemplate(
    ofPage: Uint32Array,
    places: ArrayLike<number>,
    first: number,
    slotsOfPage: PageSlots,
    kept: KeptTexts,
    escaped: boolean,
    { buffer, starts, ends }: RowTexts,
  ): number {
    const template = ofPage[places[first] as number] as number;
    const pieces = dictionary.pieces(escaped);
    const readers: ValueReader[] = [];
    const firstPiece = (slotStarts[template] as number) + template - 1;
    if (template > 0) {
      const end = slotStarts[template + 1] as number;
      for (let slot = slotStarts[template] as number; slot < end; slot += 1) readers.push(column(slotColumns[slot] as number));
    }
    let at = first;
    for (; at < places.length && ofPage[places[at] as number] === template; at += 1) {
      const place = places[at] as number;
      const slot = slotsOfPage.firstSlot[place] as number;
      starts[place] = buffer.length;
      if (template === 0) kept.put(slotsOfPage.valueOfSlot[slot] as number, escaped, buffer);
      else {
        putBytes(buffer, pieces.utf8, pieces.starts[firstPiece], pieces.ends[firstPiece]);
        for (let i = 0; i < readers.length; i += 1) {
          const { ofRow, putDistinct } = readers[i] as ValueReader;
          putDistinct(ofRow(slotsOfPage.valueOfSlot[slot + i] as number), buffer, escaped);
          putBytes(buffer, pieces.utf8, pieces.starts[firstPiece + i + 1], pieces.ends[firstPiece + i + 1]);
        }
      }
      ends[place] = buffer.length;
    }
    return at;
  }

  function write(from: number, places: ArrayLike<number>, kept: KeptTexts, escaped: boolean, into: RowTexts): void {
    // What rows of one template need lies in the processor's cache after the first of them.
    const slotsOfPage = slots.of(from, places);
    const ofPage = templatesOfPage(from, places.length <= FEW_ROWS);
    const ordered = places.length < FEW_PLACES ? places : orderByTemplate(places, ofPage, templates);
    for (let at = 0; at < ordered.length; ) at = writeTemplate(ofPage, ordered, at, slotsOfPage, kept, escaped, into);
  }

  return {
    count: templates,
    template: dictionary.template,
    templatesWith: dictionary.templatesWith,
    columns,
    words: dictionary.words,
    ...ofRows,
    column,
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
