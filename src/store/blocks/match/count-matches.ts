import type { BlockReader, DenseBlock } from "../block/block-reader.ts";
import type { QueryNode } from "../compile/query-node.ts";
import { markTemplates } from "./dense-search.ts";
import { findMessagesByTemplate } from "./mark-message.ts";
import { findTextByTemplate } from "./mark-text.ts";

/** How many rows of the block a query matches that looks for one text; undefined for any other, and where rows must be looked at one by one. */
export function countMatches(query: QueryNode, { dense, meta }: BlockReader): number | undefined {
  const find = dense && findByTemplate(query, dense);
  if (dense === undefined || find === undefined) return undefined;
  const rowsOf = dense.templateRows();
  if (rowsOf === undefined) return undefined;
  const hits = new Uint8Array(meta.rows);
  const whole = find(hits);
  if (whole === undefined) return countHits(hits);
  if (hits.includes(1)) {
    markTemplates(whole, dense, hits);
    return countHits(hits);
  }
  let count = 0;
  for (let template = 0; template < whole.length; template += 1) {
    if (whole[template] === 1) count += rowsOf[template] as number;
  }
  return count;
}

function findByTemplate(query: QueryNode, block: DenseBlock): ((hits: Uint8Array) => Uint8Array | undefined) | undefined {
  if (query.type === "text") return (hits) => findTextByTemplate(query, block, hits);
  if (query.type !== "message" || query.needles.length === 0) return undefined;
  return (hits) => findMessagesByTemplate(query, block, hits);
}

function countHits(hits: Uint8Array): number {
  let count = 0;
  if (hits.includes(1)) for (let row = 0; row < hits.length; row += 1) count += hits[row] as number;
  return count;
}
