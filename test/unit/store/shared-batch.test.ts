import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RecordBatch } from "../../../src/store/record-batch.ts";
import { createBatchSender, readSharedBatch } from "../../../src/store/shared-batch.ts";
import { batchOf, row } from "./rows.ts";

const MB = 1024 * 1024;

/** What arrives: the memory is that of the last batch where no other one comes with it. */
function createLine() {
  const sender = createBatchSender();
  const memories: SharedArrayBuffer[] = [];
  return {
    memories,
    pass(batch: RecordBatch) {
      const { layout, memory } = sender.share(batch);
      if (memory !== undefined) memories.push(memory);
      return plain(readSharedBatch(memories.at(-1) as SharedArrayBuffer, JSON.parse(JSON.stringify(layout))));
    },
  };
}

/** The arrays by their bytes, whatever memory these are in. */
function plain(batch: RecordBatch): Record<string, unknown> {
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  return Object.fromEntries(
    Object.entries(batch).map(([name, value]) => [name, ArrayBuffer.isView(value) ? bytesOf(value) : value]),
  );
}

describe("a shared batch", () => {
  const text = fc.string({ unit: "binary", maxLength: 30 });
  const rows = fc.array(
    fc.record({
      ms: fc.oneof(fc.integer(), fc.constant(Number.NaN), fc.double({ noNaN: true })),
      nanos: fc.nat({ max: 999_999 }),
      digits: fc.nat({ max: 9 }),
      severity: fc.nat({ max: 5 }),
      service: fc.constantFrom("web", "db", "über"),
      message: text,
      attributes: text,
    }),
    { maxLength: 20 },
  );

  test("is read as it was shared, batch after batch through the same memory", () => {
    const line = createLine();
    fc.assert(
      fc.property(rows, (records) => {
        const batch = batchOf(records);
        expect(line.pass(batch)).toEqual(plain(batch));
      }),
    );
    expect(line.memories).toHaveLength(1);
  });

  test("has more memory where it is larger, and gives it back", () => {
    const line = createLine();
    const small = batchOf([row({ message: "small" })]);
    line.pass(small);
    const large = batchOf(Array.from({ length: 50_000 }, (_, i) => row({ message: `${"中".repeat(200)} ${i}` })));
    expect(line.pass(large)).toEqual(plain(large));
    line.pass(batchOf([row({ message: "x".repeat(5 * MB) })]));
    // A batch that is not much smaller has the same memory.
    expect(line.memories.map(({ byteLength }) => byteLength >= 30 * MB)).toEqual([false, true]);
    expect(line.pass(small)).toEqual(plain(small));
    expect(line.memories.map(({ byteLength }) => byteLength >= 30 * MB)).toEqual([false, true]);
    line.pass(batchOf([row({ message: "x".repeat(40 * MB) })]));
    expect(line.pass(small)).toEqual(plain(small));
    expect(line.memories.map(({ byteLength }) => Math.round(byteLength / MB))).toEqual([4, 31, 40, 4]);
  });
});
