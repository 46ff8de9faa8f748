import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { createScratch, releaseScratch } from "../../../src/memory/scratch.ts";
import type { BlockReader } from "../../../src/store/blocks/block/block-reader.ts";
import { findRecent, keepRecent } from "../../../src/store/blocks/block/recent-blocks.ts";

describe("scratch memory", () => {
  test("is the same from one use to the next, however much of it is asked for", () => {
    const scratch = createScratch((length) => new Uint32Array(length));
    const large = scratch(1000);
    large.fill(7);
    const small = scratch(10);
    expect([large.length, small.length]).toEqual([1000, 10]);
    expect(small.buffer).toBe(large.buffer);
    expect(scratch(1000).buffer).toBe(large.buffer);
  });

  test("has what was in it where more is asked for", () => {
    const scratch = createScratch((length) => new Float64Array(length));
    scratch(3).set([1, 2, 3]);
    const larger = scratch(10_000);
    expect(larger).toHaveLength(10_000);
    expect([...larger.subarray(0, 3)]).toEqual([1, 2, 3]);
  });

  test("is let go of, and there again when it is asked for", () => {
    const scratch = createScratch((length) => new Uint8Array(length));
    const before = scratch(100).fill(7);
    releaseScratch();
    const after = scratch(100);
    expect(after.buffer).not.toBe(before.buffer);
    expect([...after]).toEqual([...new Uint8Array(100)]);
  });

  test("is let go of together with the blocks that were read last", () => {
    using database = new Database(":memory:");
    const block = { meta: { id: 7 } } as BlockReader;
    keepRecent(database, block, () => 0);
    expect([findRecent(database, 7), findRecent(database, 8)]).toEqual([block, undefined]);
    releaseScratch();
    expect(findRecent(database, 7)).toBeUndefined();
  });
});
