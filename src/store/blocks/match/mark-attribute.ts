import { onRelease } from "../../../memory/scratch.ts";
import { readAttributeColumn } from "../block/attribute-column.ts";
import type { AttributeColumn, BlockReader, PageText } from "../block/block-reader.ts";
import type { AttributeLeaf } from "../compile/query-node.ts";
import { findShapedAttribute } from "./find-attribute.ts";

/** Several conditions of a query may be on one attribute, as those of a range are. */
let last: { page: PageText; path: string; column: AttributeColumn } | undefined;
onRelease(() => {
  last = undefined;
});

/** Sets `hits[row]` for each row of the page whose attribute passes; each distinct value is tested once. */
export function markAttribute(leaf: AttributeLeaf, block: BlockReader, page: number, hits: Uint8Array): void {
  const { dense } = block;
  if (dense !== undefined) {
    const { from, to } = block.pageRange(page);
    return hits.set(dense.hits(leaf, (found) => findShapedAttribute(dense.attributes(), leaf, found)).subarray(from, to));
  }
  markValues(leaf, columnOf(block.attributes(page), leaf.path), hits);
}

function markValues({ accepts }: AttributeLeaf, { values, indexes }: AttributeColumn, hits: Uint8Array): void {
  if (values.length === 0) return;
  const passes = Uint8Array.from([0, ...values.map((json) => (accepts(json) ? 1 : 0))]);
  if (!passes.includes(1)) return;
  for (let row = 0; row < hits.length; row += 1) hits[row] = passes[indexes[row] as number] as number;
}

function columnOf(page: PageText, path: string): AttributeColumn {
  if (last?.page !== page || last.path !== path) last = { page, path, column: readAttributeColumn(page, path) };
  return last.column;
}
