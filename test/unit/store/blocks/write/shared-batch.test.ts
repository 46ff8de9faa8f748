import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createBatchSender, readSharedBatch } from "../../../../../src/store/blocks/write/shared-batch.ts";
import type { RecordBatch } from "../../../../../src/store/record-batch.ts";
import { batchOf, row } from "../../../../support/rows.ts";

const MB = 1024 * 1024;

/** What arrives: the memory is that of the slot's last batch where no other one comes with it. */
function createLine(slots = 1) {
  const sender = createBatchSender(slots);
  const memories: SharedArrayBuffer[] = [];
  const ofSlot: SharedArrayBuffer[] = [];
  /** Hands a batch over, to be read later. */
  function send(batch: RecordBatch): () => Record<string, unknown> {
    const { layout, memory } = sender.share(batch);
    if (memory !== undefined) {
      memories.push(memory);
      ofSlot[layout.slot] = memory;
    }
    const text = JSON.stringify(layout);
    return () => plain(readSharedBatch(ofSlot[layout.slot] as SharedArrayBuffer, JSON.parse(text)));
  }
  return { memories, send, pass: (batch: RecordBatch) => send(batch)() };
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

  test("is good until it is its slot's turn again", () => {
    const line = createLine(2);
    fc.assert(
      fc.property(fc.array(rows, { minLength: 2, maxLength: 5 }), (batches) => {
        let last: { read: () => Record<string, unknown>; batch: RecordBatch } | undefined;
        for (const batch of batches.map(batchOf)) {
          const read = line.send(batch);
          if (last !== undefined) expect(last.read()).toEqual(plain(last.batch));
          last = { read, batch };
        }
      }),
    );
    expect(line.memories).toHaveLength(2);
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
