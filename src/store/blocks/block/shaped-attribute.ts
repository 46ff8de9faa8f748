import { textOf, type ValueReader } from "../column/value-columns.ts";
import { pathsOf } from "../template/skeleton.ts";
import type { TemplatedReader } from "../template/templated-reader.ts";
import { valueAt } from "./attribute-column.ts";
import type { AttributeColumn, DenseText } from "./block-reader.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Where the values at a path are. */
type Located = {
  /** By template (0: texts kept as they are) the column; -1 where there is none. */
  columnOf: Int32Array;
  /** By template 1 where the texts must be read to tell. */
  isUnclear: Uint8Array;
  /** The columns, and whether their values are strings, whose texts stand between quotes. */
  columns: Map<number, boolean>;
};

export function locate({ count, template }: TemplatedReader, path: string): Located {
  const columnOf = new Int32Array(count + 1).fill(-1);
  const found = new Map<number, boolean>();
  const isUnclear = new Uint8Array(count + 1);
  isUnclear[0] = 1;
  for (let number = 1; number <= count; number += 1) {
    const { skeleton, pieces, columns } = template(number);
    const slots = findSlots(skeleton, path);
    const slot = slots?.[0];
    if (slots === undefined) isUnclear[number] = 1;
    if (slot === undefined) continue;
    columnOf[number] = columns[slot] as number;
    found.set(columns[slot] as number, (pieces()[slot] as string).endsWith('"'));
  }
  return { columnOf, isUnclear, columns: found };
}

/** Calls `take` with the attribute's value of each row whose text must be read to tell whether it has any. */
export function readUnclear(
  { templated, kept }: DenseText,
  { isUnclear }: Located,
  path: string,
  take: (json: string, row: number) => void,
) {
  if (kept.count === 0 && isUnclear.indexOf(1, 1) < 0) return;
  const templateOfRow = templated.templateOfRow();
  const unclear = new Uint8Array(templateOfRow.length);
  for (let row = 0; row < unclear.length; row += 1) unclear[row] = isUnclear[templateOfRow[row] as number] as number;
  const takeText = (text: string, row: number) => {
    const value = text === "" ? undefined : valueAt(JSON.parse(text), path);
    if (value !== undefined) take(JSON.stringify(value), row);
  };
  templated.read(0, unclear.length, kept, takeText, unclear);
}

/**
 * The attribute at `path` of all rows of a block, from the columns of its shapes. Texts are read of those rows only that are
 * kept as they are, or where an object is at the path, or more than one thing.
 */
export function readShapedAttribute(text: DenseText, path: string): AttributeColumn {
  const { templated } = text;
  const templateOfRow = templated.templateOfRow();
  const located = locate(templated, path);
  const { columnOf, columns } = located;
  const values: string[] = [];
  const known = new Map<string, number>();
  const indexes = new Uint32Array(templateOfRow.length);
  const indexOf = (json: string) => {
    const index = known.get(json) ?? values.push(json);
    known.set(json, index);
    return index;
  };
  for (const [column, quoted] of columns) {
    const rows = templated.rowsOfColumn(column);
    const indexOfValue = createIndexer(templated.column(column), (value) => indexOf(plainJson(quoted ? `"${value}"` : value)));
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number;
      if (columnOf[templateOfRow[row] as number] === column) indexes[row] = indexOfValue(i);
    }
  }
  readUnclear(text, located, path, (json, row) => {
    indexes[row] = indexOf(json);
  });
  return { values, indexes };
}

/** What may be written in more than one way: arrays, numbers, and strings with escapes. */
const IN_MANY_WAYS = /^[[\-\d]|\\/;

/** A JSON text as it is written where texts are parsed to get at it, so that the same values are one. */
function plainJson(json: string): string {
  return IN_MANY_WAYS.test(json) ? JSON.stringify(JSON.parse(json)) : json;
}

/** The values of a column of numbers that are written in one way only. */
export function plainNumbersOf({ values }: ValueReader): Float64Array | undefined {
  return values.kind === "numbers" && values.widthOf === undefined ? values.numbers.all() : undefined;
}

/** The slot whose value is at the path, if any; undefined where a shape does not tell. */
function findSlots(skeleton: Uint8Array, path: string): number[] | undefined {
  const slots: number[] = [];
  for (const [slot, names] of pathsOf(skeleton).entries()) {
    const name = JSON.parse(`"${names.join(".")}"`) as string;
    if (name.startsWith(`${path}.`)) return undefined;
    if (name === path) slots.push(slot);
  }
  // An empty object has no slot.
  const hasEmpty = skeleton.some((byte, at) => byte === OPEN_OBJECT && skeleton[at + 1] === CLOSE_OBJECT);
  return slots.length > 1 || hasEmpty ? undefined : slots;
}

/** Gives a value's index; asks for that of each distinct one once. */
function createIndexer(reader: ValueReader, indexOf: (text: string) => number): (value: number) => number {
  const known = new Map<number, number>();
  const keys = reader.places.all() ?? plainNumbersOf(reader);
  if (keys === undefined) return (value) => indexOf(textOf(reader, value));
  return (value) => {
    const key = keys[value] as number;
    let index = known.get(key);
    if (index === undefined) {
      index = indexOf(textOf(reader, value));
      known.set(key, index);
    }
    return index;
  };
}
