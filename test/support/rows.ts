import type { BlockRows, EncodedBlock } from "../../src/store/blocks/block/block.ts";
import type { BlockReader, ColumnPart } from "../../src/store/blocks/block/block-reader.ts";
import { encodeDenseBlock } from "../../src/store/blocks/block/dense-block.ts";
import { type EncodeOptions, encodeBlock } from "../../src/store/blocks/block/plain-block.ts";
import { offsetsOf } from "../../src/store/blocks/bytes/text-offsets.ts";
import { createRecordBatchBuilder, type RecordBatch } from "../../src/store/record-batch.ts";

/** A record as a test writes it down, and as it should be read back. */
export type Row = {
  ms: number;
  nanos: number;
  digits: number;
  severity: number;
  service: string;
  message: string;
  attributes: string;
};

export function row(fields: Partial<Row> = {}): Row {
  return { ms: 1_764_000_000_000, nanos: 0, digits: 3, severity: 2, service: "web", message: "m", attributes: "", ...fields };
}

/** `count` rows, each with its number in its time and in its message. */
export function numbered(count: number, from = 1): Row[] {
  return Array.from({ length: count }, (_, i) => row({ ms: 1_764_000_000_000 + from + i, message: `message ${from + i}` }));
}

export function batchOf(rows: Row[]): RecordBatch {
  const builder = createRecordBatchBuilder();
  for (const { ms, nanos, digits, severity, service, message, attributes } of rows) {
    builder.append(ms, nanos, digits, severity, service, message, attributes);
  }
  return builder.seal();
}

type BlockFields = { firstId?: number; receivedMs?: number[]; dense?: boolean } & Partial<EncodeOptions>;

export function blockRowsOf(rows: Row[], { firstId = 1, receivedMs }: BlockFields = {}): BlockRows {
  const batch = batchOf(rows);
  return {
    ...batch,
    firstId,
    receivedMs: Float64Array.from(receivedMs ?? rows.map(() => 1_764_000_000_500)),
    messageOffsets: offsetsOf(batch.messages, batch.messageLengths),
    attributeOffsets: offsetsOf(batch.attributes, batch.attributeLengths),
  };
}

export function encodedBlockOf(rows: Row[], fields: BlockFields = {}): EncodedBlock {
  if (fields.dense === true) return encodeDenseBlock(blockRowsOf(rows, fields));
  return encodeBlock(blockRowsOf(rows, fields), { blooms: fields.blooms ?? false, bundle: fields.bundle ?? true });
}

/** Everything that a block holds, row by row. */
export function rowsOf(block: BlockReader): Row[] {
  const [ms, nanos, digits, severity, service] = (
    ["timestamp", "nanos", "digits", "severity", "service"] satisfies ColumnPart[]
  ).map((part) => block.column(part)) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const rows: Row[] = [];
  for (let page = 0; page < block.pages(); page += 1) {
    const { from, to } = block.pageRange(page);
    const messages = textsOf(block, page, "messages");
    const attributes = textsOf(block, page, "attributes");
    for (let at = from; at < to; at += 1) {
      rows.push({
        ms: ms[at] as number,
        nanos: nanos[at] as number,
        digits: digits[at] as number,
        severity: severity[at] as number,
        service: block.meta.services[service[at] as number] as string,
        message: messages[at - from] as string,
        attributes: attributes[at - from] as string,
      });
    }
  }
  return rows;
}

function textsOf(block: BlockReader, page: number, texts: "messages" | "attributes"): string[] {
  const { text, offsets } = block[texts](page);
  const starts = [...offsets()];
  return starts.slice(1).map((end, index) => text.slice(starts[index], end));
}
