import { pathsOf } from "./attribute-shapes.ts";
import type { AttributeColumn } from "./block-reader.ts";
import { SLOT } from "./skeleton.ts";
import type { TemplatedReader } from "./templated-reader.ts";
import type { ValueReader } from "./value-columns.ts";

/**
 * The attribute at `path` of all rows of a block, from the columns of its shapes. Undefined where some rows' texts must be
 * read for it: those that are kept as they are, those where an object is at the path, or where two things are.
 */
export function readShapedAttribute(templated: TemplatedReader, path: string): AttributeColumn | undefined {
  const { templates, templateOfRow } = templated;
  if (templated.rowsOfTemplate(0).length > 0) return undefined;
  // The columns with values at the path, and whether these are strings.
  const isString = new Map<number, boolean>();
  for (const { skeleton, pieces, kinds, columns } of templates) {
    let found = 0;
    for (const [slot, names] of pathsOf(skeleton).entries()) {
      const name = JSON.parse(`"${names.join(".")}"`) as string;
      if (name.startsWith(`${path}.`) && names.length > 1) return undefined;
      if (name !== path) continue;
      found += 1;
      const column = columns[slot] as number;
      const quoted = (pieces[slot] as string).endsWith('"');
      // Texts in quotes and others lie in one column: only their shapes tell them apart.
      if (kinds[slot] === SLOT.text && isString.get(column) === !quoted) return undefined;
      isString.set(column, quoted);
    }
    if (found > 1) return undefined;
  }
  const values: string[] = [];
  const known = new Map<string, number>();
  const indexes = new Uint32Array(templateOfRow.length);
  const indexOf = (text: string) => {
    const index = known.get(text) ?? values.push(text);
    known.set(text, index);
    return index;
  };
  for (const [column, quoted] of isString) {
    const rows = templated.rowsOfColumn(column);
    const indexOfValue = createIndexer(templated.column(column), (text) => indexOf(quoted ? `"${text}"` : text));
    for (let i = 0; i < rows.length; i += 1) indexes[rows[i] as number] = indexOfValue(i);
  }
  return { values, indexes };
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
