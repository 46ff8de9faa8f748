import type { HexColumn } from "./hex-column.ts";
import { SLOT } from "./skeleton.ts";
import type { Needle, SlotTest } from "./template-match.ts";
import type { ValueReader } from "./value-columns.ts";
import { holds } from "./word-list.ts";
import { foldCase } from "./words.ts";

type ValueTest = Pick<SlotTest, "relation" | "text">;

const DIGITS = /^[0-9]+$/;
const HEX_DIGITS = /^[0-9a-f-]+$/;

/** Whether a value of a kind (of SLOT) may hold the text at all. */
export function mayHold(kind: number, text: string): boolean {
  if (kind === SLOT.number) return DIGITS.test(text);
  return (kind !== SLOT.hex && kind !== SLOT.uuid) || HEX_DIGITS.test(text);
}

/** Whether the test holds of one value. */
export function testValue({ text }: ValueReader, index: number, test: ValueTest, folded: Needle["folded"]): boolean {
  return holds(test, folded ? foldCase(text(index)) : text(index));
}

/** Calls `take` with the index of each value of which the test holds, in their order. Distinct values are looked at once. */
export function selectValues(reader: ValueReader, test: ValueTest, folded: boolean, take: (index: number) => void): void {
  const { values } = reader;
  switch (values.kind) {
    case "numbers":
      if (test.relation === "equals") return selectNumber(values, test.text, take);
      return selectOneByOne(reader, values.values.length, test, take);
    case "hex":
      return values.dashed && test.text.includes("-")
        ? selectOneByOne(reader, values.indexes?.length ?? values.distinct, test, take)
        : selectHex(values, test, take);
    case "words": {
      const hits = values.list.matching(test, folded);
      return hits && selectByIndex(hits, values.indexes, take);
    }
    case "strings":
      return selectByIndex(findStrings(values, test, folded), values.indexes, take);
  }
}

function selectOneByOne(reader: ValueReader, count: number, test: ValueTest, take: (index: number) => void): void {
  for (let index = 0; index < count; index += 1) if (holds(test, reader.text(index))) take(index);
}

/** Without indexes each value is a distinct one. */
function selectByIndex(hits: Uint8Array, indexes: ArrayLike<number> | undefined, take: (index: number) => void): void {
  if (!hits.includes(1)) return;
  const count = indexes?.length ?? hits.length;
  for (let index = 0; index < count; index += 1) if (hits[indexes?.[index] ?? index] === 1) take(index);
}

function selectNumber(
  { values, widths }: { values: Float64Array; widths: ArrayLike<number> | undefined },
  text: string,
  take: (index: number) => void,
): void {
  const wanted = Number(text);
  if (widths === undefined && String(wanted) !== text) return;
  for (let index = values.indexOf(wanted); index >= 0; index = values.indexOf(wanted, index + 1)) {
    if (widths === undefined || String(wanted).padStart(widths[index] as number, "0") === text) take(index);
  }
}

function selectHex(column: HexColumn & { dashed: boolean }, { relation, text }: ValueTest, take: (index: number) => void): void {
  const { digits, dashed } = column;
  if (text.length > digits) return;
  // With its dashes a value is longer than its digits; one without a dash in it lies between two of them.
  if (relation === "equals" && (dashed || text.length !== digits)) return;
  const all = column.allDigits();
  const buffer = Buffer.from(all.buffer, all.byteOffset, all.length);
  const hits = new Uint8Array(column.distinct);
  const groups = dashed ? [0, 8, 12, 16, 20, digits] : [0, digits];
  for (let at = buffer.indexOf(text, 0, "latin1"); at >= 0; at = buffer.indexOf(text, at + 1, "latin1")) {
    const from = at % digits;
    const to = from + text.length;
    const value = (at - from) / digits;
    if (relation === "startsWith" ? from !== 0 : relation === "endsWith" && to !== digits) continue;
    if (groups.some((start, group) => from >= start && to <= (groups[group + 1] ?? -1))) hits[value] = 1;
  }
  selectByIndex(hits, column.indexes, take);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A 1 for each distinct text of which the test holds. */
function findStrings(column: { utf8: Uint8Array; offsets: Uint32Array }, test: ValueTest, folded: boolean): Uint8Array {
  const { utf8, offsets } = column;
  const hits = new Uint8Array(offsets.length - 1);
  const text = decoder.decode(utf8);
  const searched = folded ? foldCase(text) : text;
  if (searched.indexOf(test.text) < 0) return hits;
  if (text.length === utf8.length) {
    let index = 0;
    for (let at = searched.indexOf(test.text); at >= 0; ) {
      while ((offsets[index + 1] as number) <= at) index += 1;
      const end = offsets[index + 1] as number;
      if (holds(test, searched.slice(offsets[index], end))) hits[index] = 1;
      at = searched.indexOf(test.text, end);
    }
    return hits;
  }
  for (let index = 0; index < hits.length; index += 1) {
    const value = decoder.decode(utf8.subarray(offsets[index], offsets[index + 1]));
    if (holds(test, folded ? foldCase(value) : value)) hits[index] = 1;
  }
  return hits;
}
