import { valueAt } from "./attribute-column.ts";
import { pathsOf } from "./attribute-shapes.ts";
import type { AttributeColumn, DenseText } from "./block-reader.ts";
import type { ValueReader } from "./value-columns.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The attribute at `path` of all rows of a block, from the columns of its shapes. Texts are read of those rows only that are
 * kept as they are, or where an object is at the path, or more than one thing.
 */
export function readShapedAttribute({ templated, kept }: DenseText, path: string): AttributeColumn {
  const { templates } = templated;
  const templateOfRow = templated.templateOfRow();
  const values: string[] = [];
  const known = new Map<string, number>();
  const indexes = new Uint32Array(templateOfRow.length);
  const indexOf = (text: string) => {
    const index = known.get(text) ?? values.push(text);
    known.set(text, index);
    return index;
  };

  // 0 where a template's texts must be read; 1 where they need not.
  const isClear = new Uint8Array(templates.length + 1);
  const columnOf = new Int32Array(templates.length + 1).fill(-1);
  const isQuoted = new Uint8Array(templates.length + 1);
  for (const [index, { skeleton, pieces, columns }] of templates.entries()) {
    const slots = findSlots(skeleton, path);
    if (slots === undefined) continue;
    isClear[index + 1] = 1;
    const [slot] = slots;
    if (slot === undefined) continue;
    columnOf[index + 1] = columns[slot] as number;
    isQuoted[index + 1] = (pieces[slot] as string).endsWith('"') ? 1 : 0;
  }

  for (const column of new Set(columnOf)) {
    if (column === -1) continue;
    const rows = templated.rowsOfColumn(column);
    const reader = templated.column(column);
    // Texts in quotes and others lie in one column: only their shapes tell them apart.
    const indexOfText = createIndexer(reader, indexOf);
    const indexOfString = createIndexer(reader, (text) => indexOf(`"${text}"`));
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number;
      const template = templateOfRow[row] as number;
      if (columnOf[template] === column) indexes[row] = isQuoted[template] === 1 ? indexOfString(i) : indexOfText(i);
    }
  }

  const unclear = new Uint8Array(templateOfRow.length);
  for (let row = 0; row < unclear.length; row += 1) unclear[row] = 1 - (isClear[templateOfRow[row] as number] as number);
  if (unclear.includes(1)) {
    const take = (json: string, row: number) => {
      const value = json === "" ? undefined : valueAt(JSON.parse(json), path);
      if (value !== undefined) indexes[row] = indexOf(JSON.stringify(value));
    };
    templated.read(0, unclear.length, kept.text, take, unclear);
  }
  return { values, indexes };
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
  const { values } = reader;
  const known = new Map<number, number>();
  const keys =
    values.kind === "numbers" && values.widths === undefined ? values.values : "indexes" in values ? values.indexes : undefined;
  if (keys === undefined) return (value) => indexOf(reader.text(value));
  return (value) => {
    const key = keys[value] as number;
    let index = known.get(key);
    if (index === undefined) {
      index = indexOf(reader.text(value));
      known.set(key, index);
    }
    return index;
  };
}
