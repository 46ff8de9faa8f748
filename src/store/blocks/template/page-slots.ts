import { growTo } from "../../../memory/scratch.ts";
import { countTemplates } from "./rows-by-template.ts";
import type { TemplateDictionary } from "./template-dictionary.ts";

/** So many rows are read together. */
export const PAGE_ROWS = 4096;

/** For so few rows of a page what comes before each is counted, and nothing is made of all the others. */
export const FEW_ROWS = 16;

/** By its place on a page where the slots of a row start, and for each slot which value the row has of its column, or of the one that this follows from. */
export type PageSlots = { firstSlot: Uint32Array; valueOfSlot: Uint32Array };

/** Finds the values that rows of a page have: `templatesOfPage` and `rowsBefore` say of the page that starts with a row what it has and what comes before it. */
export function createPageSlots(
  { count: templates, slotColumns, slotStarts, columns, countedBy }: TemplateDictionary,
  rows: number,
  templatesOfPage: (from: number, few: boolean) => Uint32Array,
  rowsBefore: (from: number) => Uint32Array,
): { of(from: number, places: ArrayLike<number>): PageSlots } {
  // Those of pages that were asked for again; rows may be read one at a time, now of this page and now of that.
  const slotsOfPages = new Map<number, PageSlots>();
  const askedOnce = new Set<number>();
  // Used again from page to page.
  let firstSlot = new Uint32Array();
  let valueOfSlot = new Uint32Array();

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

  /** How many values of each column so many rows of each template have; the last entry is for the texts kept as they are. */
  function countValues(rowsOf: Uint32Array): Uint32Array {
    const counts = new Uint32Array(columns.length + 1);
    for (let template = 0; template <= templates; template += 1) advance(counts, template, rowsOf[template] as number);
    return counts;
  }

  function reserveSlots(count: number): void {
    if (count > valueOfSlot.length) valueOfSlot = growTo(new Uint32Array(count * 2 + 64), valueOfSlot);
  }

  /** Answers with how many slots the page has. */
  function placeAll(from: number): number {
    const ofPage = templatesOfPage(from, false);
    const counts = countValues(rowsBefore(from));
    const { columns: counted, passed } = countedBy();
    let slots = 0;
    for (let place = 0; place < ofPage.length; place += 1) {
      const template = ofPage[place] as number;
      firstSlot[place] = slots;
      // What is kept as it is counts as one slot.
      const first = template === 0 ? 0 : (slotStarts[template] as number);
      const last = template === 0 ? 1 : (slotStarts[template + 1] as number);
      if (slots + last - first > valueOfSlot.length) reserveSlots(slots + last - first);
      if (template === 0) {
        valueOfSlot[slots] = counts[columns.length] as number;
        slots += 1;
        advance(counts, 0, 1);
        continue;
      }
      for (let slot = first; slot < last; slot += 1, slots += 1) {
        const column = slotColumns[slot] as number;
        valueOfSlot[slots] = (counts[counted[slot] as number] as number) - (passed[slot] as number);
        counts[column] = (counts[column] as number) + 1;
      }
    }
    return slots;
  }

  function placeFew(from: number, places: ArrayLike<number>): void {
    const ofPage = templatesOfPage(from, true);
    const rowsOf = rowsBefore(from).slice();
    const { columns: counted } = countedBy();
    let slots = 0;
    let rowsPassed = 0;
    for (const place of Uint32Array.from(places).sort()) {
      countTemplates(ofPage.subarray(rowsPassed, place), rowsOf);
      rowsPassed = place;
      const counts = countValues(rowsOf);
      firstSlot[place] = slots;
      const template = ofPage[place] as number;
      if (template === 0) {
        reserveSlots(slots + 1);
        valueOfSlot[slots] = counts[columns.length] as number;
        slots += 1;
        continue;
      }
      const end = slotStarts[template + 1] as number;
      reserveSlots(slots + end - (slotStarts[template] as number));
      for (let slot = slotStarts[template] as number; slot < end; slot += 1, slots += 1) {
        valueOfSlot[slots] = counts[counted[slot] as number] as number;
      }
    }
  }

  return {
    /** Those of some places, good until others are asked for. */
    of(from, places) {
      const known = slotsOfPages.get(from);
      if (known !== undefined) return known;
      const count = Math.min(PAGE_ROWS, rows - from);
      if (firstSlot.length < count) firstSlot = new Uint32Array(count);
      const isFirst = !askedOnce.has(from);
      askedOnce.add(from);
      if (isFirst && places.length <= FEW_ROWS) placeFew(from, places);
      const slots = isFirst && places.length <= FEW_ROWS ? 0 : placeAll(from);
      if (isFirst) return { firstSlot, valueOfSlot };
      const own = { firstSlot: firstSlot.slice(), valueOfSlot: valueOfSlot.slice(0, slots) };
      slotsOfPages.set(from, own);
      return own;
    },
  };
}
