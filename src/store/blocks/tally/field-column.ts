import { SEVERITIES } from "../../../schema/severity.ts";
import type { StatsField } from "../../stats-plan.ts";
import { readAttribute, readAttributeColumn } from "../block/attribute-column.ts";
import type { BlockMeta } from "../block/block.ts";
import type { AttributeColumn, BlockReader, ColumnPart } from "../block/block-reader.ts";
import type { RowsOfBlock } from "../search/walk-range.ts";
import type { IndexColumn } from "./combine-columns.ts";

/** A field of rows: which of `values`, JSON texts, each has. A record without the field has null. */
export type FieldColumn = IndexColumn & { values: string[] };

export const SEVERITY_TEXTS: readonly string[] = SEVERITIES.map((name) => JSON.stringify(name));
const NULL = "null";

/** Of all pages at once there are attributes only where a block's texts are taken apart. */
export function readFieldColumn({ block, page, rows }: RowsOfBlock, field: StatsField): FieldColumn {
  if (field.kind === "severity") return { ...indexesOf(block, page, "severity", SEVERITIES.length), values: [...SEVERITY_TEXTS] };
  if (field.kind === "service") {
    const values = block.meta.services.map((name) => JSON.stringify(name));
    return { ...indexesOf(block, page, "service", values.length), values };
  }
  const { values, indexes } = readAttributeOf(block, page, field.path);
  if (indexes.length !== rows) throw new Error(`a page of ${rows} rows has ${indexes.length} attributes`);
  return values.length === 0
    ? { size: 1, indexes: undefined, values: [NULL] }
    : { size: values.length + 1, indexes, values: [NULL, ...values] };
}

function readAttributeOf(block: BlockReader, page: number | undefined, path: string): AttributeColumn {
  const { dense } = block;
  if (dense === undefined) {
    const texts = block.attributes(page as number);
    return texts.text === ""
      ? { values: [], indexes: new Uint32Array(texts.offsets().length - 1) }
      : readAttributeColumn(texts, path);
  }
  if (page === undefined) return dense.attribute(path);
  return withoutUnused(readAttribute(block, page, path));
}

/** The same column with those of its values alone that occur. */
function withoutUnused({ values, indexes }: AttributeColumn): AttributeColumn {
  const numbers = new Uint32Array(values.length + 1);
  const used: string[] = [];
  const renumbered = new Uint32Array(indexes.length);
  for (let row = 0; row < indexes.length; row += 1) {
    const index = indexes[row] as number;
    if (index === 0) continue;
    if (numbers[index] === 0) numbers[index] = used.push(values[index - 1] as string);
    renumbered[row] = numbers[index] as number;
  }
  return { values: used, indexes: renumbered };
}

function indexesOf(block: BlockReader, page: number | undefined, part: ColumnPart, size: number): IndexColumn {
  if (size === 1) return { size, indexes: undefined };
  return { size, indexes: new Uint32Array(page === undefined ? block.column(part) : block.columnOfPage(part, page)) };
}

/**
 * The times of rows cut at multiples of `ms`: which interval each lies in, by its start. A row mostly lies in the same one as
 * the row before it, which costs two comparisons.
 */
export function readTimeColumn({ block, page }: RowsOfBlock, part: "timestamp" | "received", ms: number): FieldColumn {
  const only = singleInterval(block.meta, part, ms);
  if (only !== undefined) return { size: 1, indexes: undefined, values: [String(only)] };
  const times = page === undefined ? block.column(part) : block.columnOfPage(part, page);
  const indexes = new Uint32Array(times.length);
  const known = new Map<number, number>();
  let start = Number.NaN;
  let index = 0;
  for (let row = 0; row < times.length; row += 1) {
    const time = times[row] as number;
    if (!(time >= start && time - start < ms)) {
      start = Math.floor(time / ms) * ms;
      index = known.get(start) ?? known.size;
      known.set(start, index);
    }
    indexes[row] = index;
  }
  return { size: known.size, indexes, values: Array.from(known.keys(), String) };
}

/** The start of the interval in which all times of a block lie; undefined where they lie in several. */
export function singleInterval(meta: BlockMeta, part: "timestamp" | "received", ms: number): number | undefined {
  const [min, max] = part === "timestamp" ? [meta.timestampMin, meta.timestampMax] : [meta.receivedMin, meta.receivedMax];
  const start = Math.floor(min / ms) * ms;
  return max - start < ms ? start : undefined;
}
