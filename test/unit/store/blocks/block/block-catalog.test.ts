import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { dropBlocks, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { mergeBlocks } from "../../../../../src/store/blocks/block/merge-blocks.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { encodeBlock } from "../../../../../src/store/blocks/block/plain-block.ts";
import { compactOnce } from "../../../../../src/store/blocks/compact/compaction.ts";
import { openForReading, openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { measureSpace, vacuumPages } from "../../../../../src/store/blocks/file/space.ts";
import { createAppender } from "../../../../../src/store/blocks/write/append.ts";
import { noDamage } from "../../../../support/no-damage.ts";
import { batchOf, numbered } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const NOW = 1_764_000_123_456;

async function openDropping() {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  const database = openForWriting(path);
  const appender = createAppender(database);
  return {
    path,
    database,
    appender,
    append: (count: number) => appender.append({ batch: batchOf(numbered(count)), receipts: [], receivedAtMs: NOW }),
    metas: () => listBlocks(database),
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("dropping blocks", () => {
  test("takes them and all their parts, and leaves the others whole", async () => {
    await using store = await openDropping();
    for (let i = 0; i < 3; i += 1) store.append(10);
    const [first, second, third] = store.metas();
    dropBlocks(store.database, [first, second] as never);
    expect(store.metas()).toEqual([third] as never);
    expect(openBlock(store.database, third as never).column("timestamp")).toHaveLength(10);
    const parts = store.database.query<{ n: number }, []>("SELECT count(*) AS n FROM block_part").get()?.n;
    dropBlocks(store.database, [third] as never);
    expect(parts).toBeGreaterThan(0);
    expect(store.database.query<{ n: number }, []>("SELECT count(*) AS n FROM block_part").get()?.n).toBe(0);
  });

  test("gives no id a second time, even where every record is gone and the database was opened again", async () => {
    await using store = await openDropping();
    store.append(10);
    store.append(5);
    dropBlocks(store.database, store.metas());
    using again = openForWriting(store.path);
    expect(createAppender(again).append({ batch: batchOf(numbered(1)), receipts: [], receivedAtMs: NOW })).toBe(16);
  });

  test("works on a file that was made before anything could be dropped", async () => {
    await using store = await openDropping();
    store.append(3);
    store.database.run("DROP TABLE mark");
    using again = openForWriting(store.path);
    dropBlocks(again, store.metas());
    expect(createAppender(again).append({ batch: batchOf(numbered(1)), receipts: [], receivedAtMs: NOW })).toBe(4);
  });

  test("a merge of blocks of which one was dropped is not put in place, and the rest stays", async () => {
    await using store = await openDropping();
    for (let i = 0; i < 40; i += 1) store.append(1);
    using reading = openForReading(store.path);
    const merge = compactOnce(reading, { damaged: new Set(), note: noDamage });
    const [oldest] = store.metas();
    dropBlocks(store.database, [oldest] as never);
    expect(merge?.replaced.length).toBeGreaterThan(1);
    expect(store.appender.replace(merge?.replaced as never, merge?.block as never)).toBe(false);
    expect(store.metas()).toHaveLength(39);
  });

  test("a block that a merge replaced meanwhile is passed over", async () => {
    await using store = await openDropping();
    store.append(2);
    store.append(2);
    const before = store.metas();
    const rows = mergeBlocks(before.map((meta) => openBlock(store.database, meta)));
    store.appender.replace(before, encodeBlock(rows, { blooms: false, bundle: true }));
    dropBlocks(store.database, before);
    expect(store.metas().map(({ rows: count }) => count)).toEqual([4]);
  });

  test("makes pages free, and these leave the file", async () => {
    await using store = await openDropping();
    for (let i = 0; i < 20; i += 1) store.append(2000);
    const full = measureSpace(store.database);
    dropBlocks(store.database, store.metas());
    const dropped = measureSpace(store.database);
    expect(dropped.pages).toBe(full.pages);
    expect(dropped.usedBytes).toBeLessThan(full.usedBytes / 2);
    vacuumPages(store.database, 3);
    expect(measureSpace(store.database).freePages).toBe(dropped.freePages - 3);
    vacuumPages(store.database, 1_000_000);
    expect(measureSpace(store.database)).toMatchObject({ freePages: 0, usedBytes: dropped.usedBytes });
  });

  test("waits for no other process when it gives pages back, and later does again", async () => {
    await using store = await openDropping();
    store.append(20_000);
    dropBlocks(store.database, store.metas());
    using other = new Database(store.path);
    other.run("BEGIN IMMEDIATE");
    const from = performance.now();
    expect(() => vacuumPages(store.database, 1)).toThrow("locked");
    expect(performance.now() - from).toBeLessThan(5000);
    other.run("ROLLBACK");
    expect(store.database.query<{ timeout: number }, []>("PRAGMA busy_timeout").get()?.timeout).toBe(10_000);
  });
});
