import { lazy } from "../../../memory/lazy.ts";
import { type Keep, withBytes } from "../../../memory/read-cache.ts";
import { createByteReader } from "../bytes/byte-reader.ts";
import { openIndexes } from "../column/read-numbers.ts";
import { PAGE_ROWS } from "./page-slots.ts";
import { countTemplates, findRows, sortByTemplate } from "./rows-by-template.ts";

/** Which template each row of a block has, or 0 where its text is kept as it is. */
export type TemplateRows = {
  /** For each row its template. */
  templateOfRow(): Uint32Array;
  /** The same of the rows of the page that starts with `from`: those of no others are made. Where `few` of them are wanted they are kept. */
  templatesOfPage(from: number, few: boolean): Uint32Array;
  /** How many rows of each template come before `from`, which a page starts with. */
  rowsBefore(from: number): Uint32Array;
  /** How many rows each template has. */
  totals(): Uint32Array;
  /** The rows of a template, in their order. */
  rowsOfTemplate(template: number): Uint32Array;
  /** The `rank`-th of them. While few are asked for no others are looked for. */
  rowOfTemplate(template: number, rank: number): number;
};

/** Fewer rows of a template are looked for by themselves; else all are sorted. */
const FEW_ROWS = 512;
/** So often a row is looked for by itself. */
const FEW_ASKED = 16;

/** Reads the templates of so many rows. `keep` is asked for what makes one of them quick to find. */
export function openTemplateRows(bytes: () => Uint8Array, rows: number, templates: number, keep: Keep): TemplateRows {
  const indexes = lazy(() => openIndexes(createByteReader(bytes()), rows));
  const templateOfRow = () => indexes().all();
  // How many rows of each template there are before each page, and in all.
  const counts = lazy(() => keep("rows", countRows));
  const totals = () => counts().at(-1) as Uint32Array;
  // The page last asked for: of a row that is found more is read.
  let held: { from: number; templates: Uint32Array } | undefined;
  let asked = 0;
  // The rows of the first template, then those of the next one ..., and where each begins.
  let byTemplate: ReturnType<typeof sortByTemplate> | undefined;

  function countRows(): { value: Uint32Array[]; bytes: number } {
    const soFar = new Uint32Array(templates + 1);
    const made: Uint32Array[] = [];
    for (let from = 0; from < rows; from += PAGE_ROWS) {
      made.push(soFar.slice());
      countTemplates(templatesOfPage(from, false), soFar);
    }
    made.push(soFar);
    return { value: made, bytes: made.length * soFar.byteLength };
  }

  function templatesOfPage(from: number, few: boolean): Uint32Array {
    if (held?.from !== from) {
      const read = () => indexes().slice(from, Math.min(rows, from + PAGE_ROWS));
      held = { from, templates: few ? keep(`page ${from}`, () => withBytes(read())) : read() };
    }
    return held.templates;
  }

  function sorted(): ReturnType<typeof sortByTemplate> {
    byTemplate ??= sortByTemplate(templateOfRow(), totals());
    return byTemplate;
  }

  return {
    templateOfRow,
    templatesOfPage,
    rowsBefore(from) {
      if (from % PAGE_ROWS !== 0) throw new Error(`no page starts at row ${from}`);
      return counts()[from / PAGE_ROWS] as Uint32Array;
    },
    totals,
    rowsOfTemplate(template) {
      const total = totals()[template] as number;
      if (byTemplate === undefined && total < FEW_ROWS) return findRows(templateOfRow(), template, total);
      const { rows, starts } = sorted();
      return rows.subarray(starts[template], starts[template + 1]);
    },
    rowOfTemplate(template, rank) {
      asked += 1;
      if (byTemplate !== undefined || asked > FEW_ASKED) {
        const { rows, starts } = sorted();
        return rows[(starts[template] as number) + rank] as number;
      }
      const page = counts().findLastIndex((before) => (before[template] as number) <= rank);
      const ofPage = templatesOfPage(page * PAGE_ROWS, true);
      let place = -1;
      for (let left = rank - (counts()[page]?.[template] as number); left >= 0; left -= 1)
        place = ofPage.indexOf(template, place + 1);
      return page * PAGE_ROWS + place;
    },
  };
}
