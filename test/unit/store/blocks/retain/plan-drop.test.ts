import { describe, expect, test } from "bun:test";
import type { BlockMeta } from "../../../../../src/store/blocks/block/block.ts";
import { addDrop, BLOCKS_A_DROP, planAgeDrop, planSizeDrop } from "../../../../../src/store/blocks/retain/plan-drop.ts";
import type { Dropped, DropReason, Retention } from "../../../../../src/store/retention.ts";

const MB = 1024 * 1024;

/** A block of ten records that were received from `receivedMin` to `receivedMax`. */
function metaOf(id: number, receivedMin: number, receivedMax: number, bytes = MB): BlockMeta {
  const times = { timestampMin: 0, timestampMax: 0, receivedMin, receivedMax };
  return {
    id,
    version: 1,
    firstId: id * 10,
    lastId: id * 10 + 9,
    rows: 10,
    ...times,
    severityMask: 1,
    services: [],
    bytes,
    characters: 0,
  };
}

const BLOCKS = [metaOf(1, 100, 199), metaOf(2, 200, 299), metaOf(3, 300, 399), metaOf(4, 400, 499)];

function idsToDrop(blocks: BlockMeta[], retention: Retention, nowMs: number, usedBytes: number) {
  const drop = planAgeDrop(blocks, retention, nowMs) ?? planSizeDrop(blocks, retention, usedBytes);
  return drop && [drop.reason, ...drop.blocks.map(({ id }) => id)];
}

describe("planning what to drop", () => {
  test("a block goes once its newest record was received longer ago than the limit, and no sooner", () => {
    expect(idsToDrop(BLOCKS, { maxAgeMs: 1000 }, 1199, 0)).toBeUndefined();
    expect(idsToDrop(BLOCKS, { maxAgeMs: 1000 }, 1200, 0)).toEqual(["age", 1]);
    expect(idsToDrop(BLOCKS, { maxAgeMs: 1000 }, 1300, 0)).toEqual(["age", 1, 2]);
  });

  test("what a clock that was behind says came long ago stays as long as what came before it", () => {
    const behind = [metaOf(1, 900, 999), metaOf(2, 1, 9), metaOf(3, 1100, 1199)];
    expect(idsToDrop(behind, { maxAgeMs: 1000 }, 1999, 0)).toBeUndefined();
    expect(idsToDrop(behind, { maxAgeMs: 1000 }, 2000, 0)).toEqual(["age", 1, 2]);
  });

  test("when a record happened does not count: what arrives late is kept", () => {
    expect(
      idsToDrop([{ ...metaOf(1, 1000, 1000), timestampMin: 0, timestampMax: 0 }], { maxAgeMs: 100 }, 1050, 0),
    ).toBeUndefined();
  });

  test("by size the oldest go, as many as come to what is too much", () => {
    expect(idsToDrop(BLOCKS, { maxBytes: 10 * MB }, 0, 10 * MB)).toBeUndefined();
    expect(idsToDrop(BLOCKS, { maxBytes: 10 * MB }, 0, 10 * MB + 1)).toEqual(["size", 1]);
    expect(idsToDrop(BLOCKS, { maxBytes: 10 * MB }, 0, 11 * MB + 1)).toEqual(["size", 1, 2]);
  });

  test("a few MB go at a time, one block at least, whatever is too much", () => {
    expect(idsToDrop(BLOCKS, { maxBytes: 10 * MB }, 0, 90 * MB)).toEqual(["size", 1, 2]);
    expect(idsToDrop([metaOf(1, 0, 0, 50 * MB), metaOf(2, 0, 0)], { maxBytes: 10 * MB }, 0, 90 * MB)).toEqual(["size", 1]);
    const small = Array.from({ length: 500 }, (_, id) => metaOf(id, 0, 0, 100));
    expect(planAgeDrop(small, { maxAgeMs: 1 }, 10)?.blocks).toHaveLength(BLOCKS_A_DROP);
  });

  test("too old comes before too large, and where nothing is left nothing is dropped", () => {
    expect(idsToDrop(BLOCKS, { maxAgeMs: 1000, maxBytes: MB }, 1200, 90 * MB)).toEqual(["age", 1]);
    expect(idsToDrop([], { maxAgeMs: 1, maxBytes: 1 }, 1200, 90 * MB)).toBeUndefined();
    expect(idsToDrop(BLOCKS, {}, 1e15, 1e15)).toBeUndefined();
  });

  test("what several drops come to is told together, each reason for itself", () => {
    const gathered = new Map<DropReason, Dropped>();
    addDrop(gathered, { reason: "age", blocks: BLOCKS.slice(1, 3) });
    addDrop(gathered, { reason: "size", blocks: BLOCKS.slice(3) });
    addDrop(gathered, { reason: "age", blocks: BLOCKS.slice(0, 1) });
    expect([...gathered.values()]).toEqual([
      { reason: "age", records: 30, receivedMin: 100, receivedMax: 399 },
      { reason: "size", records: 10, receivedMin: 400, receivedMax: 499 },
    ]);
  });
});
