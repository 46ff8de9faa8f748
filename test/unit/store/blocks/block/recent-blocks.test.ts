import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { createTextBuffer } from "../../../../../src/memory/text-buffer.ts";
import type { BlockMeta } from "../../../../../src/store/blocks/block/block.ts";
import { insertBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import type { BlockReader } from "../../../../../src/store/blocks/block/block-reader.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { findRecent, keepRecent } from "../../../../../src/store/blocks/block/recent-blocks.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { writeRows } from "../../../../../src/store/blocks/search/record-text.ts";
import { encodedBlockOf, row } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const LITTLE = () => 1000;
const MEGABYTE = () => 1024 * 1024;
const ALL = () => Number.POSITIVE_INFINITY;

function blockOf(id: number): BlockReader {
  return { meta: { id } } as BlockReader;
}

/** Which of the blocks are still there. */
function keptOf(database: Database, ids: readonly number[]): number[] {
  return ids.filter((id) => findRecent(database, id) !== undefined);
}

describe("blocks that were read recently", () => {
  test("are there again, the sixteen read last, by their own connection", () => {
    using database = new Database(":memory:");
    using other = new Database(":memory:");
    const ids = Array.from({ length: 20 }, (_, i) => i + 1);
    for (const id of ids) keepRecent(database, blockOf(id), LITTLE);
    expect(keptOf(database, ids)).toEqual(ids.slice(4));
    expect(keptOf(other, ids)).toEqual([]);
    keepRecent(database, blockOf(5), LITTLE);
    keepRecent(database, blockOf(21), LITTLE);
    expect(keptOf(database, [...ids, 21])).toEqual([5, ...ids.slice(6), 21]);
  });

  test("are let go of where more of them was read than there is room for, the latest never, and the latest large one", () => {
    using database = new Database(":memory:");
    const ids = [1, 2, 3, 4, 5, 6];
    for (const id of ids) keepRecent(database, blockOf(id), MEGABYTE);
    expect(keptOf(database, ids)).toEqual([3, 4, 5, 6]);
    keepRecent(database, blockOf(2), ALL);
    expect(keptOf(database, ids)).toEqual([2, 4, 5, 6]);
    keepRecent(database, blockOf(1), LITTLE);
    expect(keptOf(database, ids)).toEqual([1, 2, 4, 5, 6]);
    keepRecent(database, blockOf(3), ALL);
    expect(keptOf(database, ids)).toEqual([1, 3, 5, 6]);
  });

  test("are let go of when they have become large, and another large one is read", () => {
    using database = new Database(":memory:");
    let readBytes = 10;
    keepRecent(database, blockOf(1), () => readBytes);
    keepRecent(database, blockOf(2), LITTLE);
    expect(keptOf(database, [1, 2])).toEqual([1, 2]);
    readBytes = 10_000_000;
    expect(keptOf(database, [1, 2])).toEqual([1, 2]);
    keepRecent(database, blockOf(3), ALL);
    expect(keptOf(database, [1, 2, 3])).toEqual([2, 3]);
  });

  test("are kept as they are unpacked where a few records were read, and only until the next of which many were where many were", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const rows = Array.from({ length: 2000 }, (_, i) => row({ message: `request ${i} took ${i % 7} ms` }));
    for (const id of [1, 2]) insertBlock(database, id, encodedBlockOf(rows, { firstId: id * 100_000, dense: true }));
    const [first, second] = listBlocks(database);
    if (first === undefined || second === undefined) throw new Error("the blocks are not listed");
    const read = (meta: BlockMeta, count: number) => {
      const block = openBlock(database, meta);
      writeRows(block, 0, [...Array(count).keys()], "json", createTextBuffer());
      return block;
    };

    const block = read(first, 2);
    read(second, 1);
    expect(openBlock(database, first) === block).toBe(true);
    read(first, 100);
    expect(openBlock(database, first) === block).toBe(true);
    read(second, 1);
    expect(openBlock(database, first) === block).toBe(true);
    read(second, 100);
    expect(openBlock(database, first) === block).toBe(false);
  });

  test("are kept with all of their pages where they are small and not taken apart", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    // Two pages of text, and then far more than is kept.
    const rows = (count: number) => Array.from({ length: count }, (_, i) => row({ message: `${i} ${"x".repeat(5000)}` }));
    insertBlock(database, 1, encodedBlockOf(rows(120), { firstId: 1000 }));
    insertBlock(database, 2, encodedBlockOf(rows(600), { firstId: 100_000 }));
    const [small, large] = listBlocks(database);
    if (small === undefined || large === undefined) throw new Error("the blocks are not listed");
    const read = (meta: BlockMeta) => {
      const block = openBlock(database, meta);
      expect(block.pages()).toBeGreaterThan(1);
      for (const page of [1, 0]) writeRows(block, page, [block.pageRange(page).from], "json", createTextBuffer());
      return block;
    };
    const block = read(small);
    const page = block.messages(1);
    block.messages(0);
    expect([openBlock(database, small) === block, block.messages(1) === page]).toEqual([true, true]);
    const other = read(large);
    expect(openBlock(database, large) === other).toBe(false);
    expect(openBlock(database, small) === block).toBe(true);
    // What is gone through in another order, with a cache of its own, is not.
    const cache = { get: (_: string, make: () => { value: unknown }) => make().value } as never;
    const cached = openBlock(database, small, cache);
    writeRows(cached, 0, [0], "json", createTextBuffer());
    expect([cached === block, openBlock(database, small) === block]).toEqual([false, true]);
  });
});
