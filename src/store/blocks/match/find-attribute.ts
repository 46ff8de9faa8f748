import type { DenseText } from "../block/block-reader.ts";
import { locate, plainNumbersOf, readUnclear } from "../block/shaped-attribute.ts";
import type { ValueReader } from "../column/value-columns.ts";
import type { AttributeLeaf } from "../compile/query-node.ts";
import { selectDistinct } from "./value-search.ts";

type AttributeTest = Pick<AttributeLeaf, "path" | "accepts" | "acceptsNumber">;

/** Sets `hits[row]` for each row whose attribute at `path` passes. Where no distinct value does, no rows are looked at. */
export function findShapedAttribute(text: DenseText, { path, accepts, acceptsNumber }: AttributeTest, hits: Uint8Array): void {
  const { templated } = text;
  const located = locate(templated, path);
  const { columnOf, columns } = located;
  for (const [column, quoted] of columns) {
    const reader = templated.column(column);
    const numbers = quoted || acceptsNumber === undefined ? undefined : plainNumbersOf(reader);
    const passes =
      numbers === undefined || acceptsNumber === undefined
        ? testDistinct(reader, (value) => accepts(quoted ? `"${value}"` : value))
        : testNumbers(numbers, acceptsNumber);
    if (!passes.includes(1)) continue;
    const rows = templated.rowsOfColumn(column);
    const templateOfRow = templated.templateOfRow();
    selectDistinct(reader, passes, (index) => {
      const row = rows[index] as number;
      if (columnOf[templateOfRow[row] as number] === column) hits[row] = 1;
    });
  }
  readUnclear(text, located, path, (json, row) => {
    if (accepts(json)) hits[row] = 1;
  });
}

/** A 1 for each distinct value that passes. Numbers come again and again: each is tested once. */
function testDistinct(reader: ValueReader, accepts: (value: string) => boolean): Uint8Array {
  const passes = new Uint8Array(reader.distinct);
  const numbers = plainNumbersOf(reader);
  const known = new Map<number, number>();
  for (let index = 0; index < passes.length; index += 1) {
    const number = numbers?.[index];
    let result = number === undefined ? undefined : known.get(number);
    if (result === undefined) {
      result = accepts(reader.distinctText(index)) ? 1 : 0;
      if (number !== undefined) known.set(number, result);
    }
    passes[index] = result;
  }
  return passes;
}

function testNumbers(numbers: Float64Array, accepts: (number: number) => boolean): Uint8Array {
  const passes = new Uint8Array(numbers.length);
  for (let index = 0; index < passes.length; index += 1) if (accepts(numbers[index] as number)) passes[index] = 1;
  return passes;
}
