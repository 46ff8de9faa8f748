import type { HexTexts } from "../column/hex-column.ts";
import type { StringTexts } from "../column/string-column.ts";
import { textOf, type ValueReader, type Values } from "../column/value-columns.ts";
import { SLOT } from "../column/value-kind.ts";
import type { ValueTest } from "../column/value-test.ts";
import { holds } from "../column/value-test.ts";
import type { Needle } from "../compile/needle.ts";
import { foldCase } from "../index/words.ts";

const DIGITS = /^[0-9]+$/;
const HEX_DIGITS = /^[0-9a-f-]+$/;

/** Whether a value of a kind (of SLOT) may hold the text at all. */
export function mayHold(kind: number, text: string): boolean {
  if (kind === SLOT.number) return DIGITS.test(text);
  return (kind !== SLOT.hex && kind !== SLOT.uuid) || HEX_DIGITS.test(text);
}

/** Whether the test holds of one value. */
export function testValue(reader: ValueReader, index: number, test: ValueTest, folded: Needle["folded"]): boolean {
  const text = textOf(reader, index);
  return holds(test, folded ? foldCase(text) : text);
}

/** Calls `take` with the index of each value of which the test holds, in their order. Distinct values are looked at once. */
export function selectValues(reader: ValueReader, test: ValueTest, folded: boolean, take: (index: number) => void): void {
  const hits = findDistinct(reader, test, folded);
  if (hits !== undefined) selectDistinct(reader, hits, take);
}

/** Calls `take` with the index of each value whose distinct one has a 1 in `hits`. */
export function selectDistinct(reader: ValueReader, hits: Uint8Array, take: (index: number) => void): void {
  const indexes = reader.places.all();
  const count = indexes?.length ?? hits.length;
  for (let index = 0; index < count; index += 1) if (hits[indexes?.[index] ?? index] === 1) take(index);
}

/** A 1 for each distinct value of which the test holds; undefined where there is none. */
function findDistinct(reader: ValueReader, test: ValueTest, folded: boolean): Uint8Array | undefined {
  const { values } = reader;
  switch (values.kind) {
    case "numbers":
      return test.relation === "equals" ? findNumber(values, test.text) : findOneByOne(reader, test);
    case "hex":
      return values.dashed && test.text.includes("-") ? findOneByOne(reader, test) : findHex(values, test);
    case "words":
      return values.list.matching(test, folded);
    case "strings":
      return findStrings(values, test, folded);
  }
}

function findOneByOne(reader: ValueReader, test: ValueTest): Uint8Array | undefined {
  const hits = new Uint8Array(reader.distinct);
  for (let index = 0; index < hits.length; index += 1) if (holds(test, reader.distinctText(index))) hits[index] = 1;
  return someOf(hits);
}

function someOf(hits: Uint8Array): Uint8Array | undefined {
  return hits.includes(1) ? hits : undefined;
}

function findNumber({ numbers, widthOf }: Extract<Values, { kind: "numbers" }>, text: string): Uint8Array | undefined {
  const wanted = Number(text);
  if (widthOf === undefined && String(wanted) !== text) return undefined;
  const values = numbers.all();
  let index = values.indexOf(wanted);
  if (index < 0) return undefined;
  const hits = new Uint8Array(values.length);
  for (; index >= 0; index = values.indexOf(wanted, index + 1)) {
    if (widthOf === undefined || String(wanted).padStart(widthOf(index), "0") === text) hits[index] = 1;
  }
  return someOf(hits);
}

function findHex(column: HexTexts & { dashed: boolean }, { relation, text }: ValueTest): Uint8Array | undefined {
  const { digits, dashed } = column;
  if (text.length > digits) return undefined;
  // With its dashes a value is longer than its digits; one without a dash in it lies between two of them.
  if (relation === "equals" && (dashed || text.length !== digits)) return undefined;
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
  return someOf(hits);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function findStrings({ utf8, offsets }: StringTexts, test: ValueTest, folded: boolean): Uint8Array | undefined {
  const hits = new Uint8Array(offsets.length - 1);
  const text = decoder.decode(utf8);
  const searched = folded ? foldCase(text) : text;
  if (searched.indexOf(test.text) < 0) return undefined;
  if (text.length === utf8.length) {
    let index = 0;
    for (let at = searched.indexOf(test.text); at >= 0; ) {
      while ((offsets[index + 1] as number) <= at) index += 1;
      const end = offsets[index + 1] as number;
      if (holds(test, searched.slice(offsets[index], end))) hits[index] = 1;
      at = searched.indexOf(test.text, end);
    }
    return someOf(hits);
  }
  for (let index = 0; index < hits.length; index += 1) {
    const value = decoder.decode(utf8.subarray(offsets[index], offsets[index + 1]));
    if (holds(test, folded ? foldCase(value) : value)) hits[index] = 1;
  }
  return someOf(hits);
}
