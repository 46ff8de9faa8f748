import type { RecordBatchBuilder, Utf8Batch } from "../../src/store/record-batch.ts";

const encoder = new TextEncoder();

/** What the builder gathered, with its texts as the thread that writes gets them. */
export function sealUtf8(builder: RecordBatchBuilder): Utf8Batch {
  const { messages, attributes, ...columns } = builder.seal();
  return { ...columns, messages: encoder.encode(messages), attributes: encoder.encode(attributes) };
}
