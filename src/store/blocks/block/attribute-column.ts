import type { AttributeColumn, BlockReader, PageText } from "./block-reader.ts";

/**
 * Reads the attribute at `path` of the rows of a page. Where the block's attributes are taken apart, no text is read. The
 * values are those of the whole block then.
 */
export function readAttribute(block: BlockReader, page: number, path: string): AttributeColumn {
  const whole = block.dense?.attribute(path);
  if (whole === undefined) return readAttributeColumn(block.attributes(page), path);
  const { from, to } = block.pageRange(page);
  return { values: whole.values, indexes: whole.indexes.subarray(from, to) };
}

/**
 * Reads the attribute at `path` from a page of attributes' texts. The path is a name, or the names on the way into nested
 * objects joined by dots; a name that itself has dots is found too. Only rows in whose text the last name occurs are parsed.
 */
export function readAttributeColumn(page: PageText, path: string): AttributeColumn {
  const values: string[] = [];
  const known = new Map<string, number>();
  const offsets = page.offsets();
  const indexes = new Uint32Array(offsets.length - 1);
  // Whatever the name is, its text ends with what stands behind its last dot.
  const needle = `${JSON.stringify(path.slice(path.lastIndexOf(".") + 1)).slice(1)}:`;
  let row = 0;
  for (let at = page.text.indexOf(needle); at >= 0; at = page.text.indexOf(needle, offsets[row + 1])) {
    while ((offsets[row + 1] as number) <= at) row += 1;
    const value = valueAt(JSON.parse(page.text.slice(offsets[row], offsets[row + 1])), path);
    if (value === undefined) continue;
    const text = JSON.stringify(value);
    const index = known.get(text) ?? values.push(text);
    known.set(text, index);
    indexes[row] = index;
  }
  return { values, indexes };
}

/** The value at a path; undefined where there is none, and an array of all where names with dots make it lead to several. */
export function valueAt(object: unknown, path: string): unknown {
  const found: unknown[] = [];
  collectValues(object, path, found);
  return found.length > 1 ? found : found[0];
}

function collectValues(object: unknown, path: string, found: unknown[]): void {
  if (typeof object !== "object" || object === null) return;
  if (Object.hasOwn(object, path)) found.push((object as Record<string, unknown>)[path]);
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    const name = path.slice(0, dot);
    if (Object.hasOwn(object, name)) collectValues((object as Record<string, unknown>)[name], path.slice(dot + 1), found);
  }
}
