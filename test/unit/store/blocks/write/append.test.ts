import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { readSmallBlocks } from "../../../../../src/store/blocks/receipt/receipt-blocks.ts";
import { type DigestedReceipt, digestOfKey, unpackReceipts } from "../../../../../src/store/blocks/receipt/receipts.ts";
import { createAppender } from "../../../../../src/store/blocks/write/append.ts";
import { batchOf, encodedBlockOf, numbered, type Row, row, rowsOf } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const NOW = 1_764_000_123_456;
const RECEIPT: DigestedReceipt = { digest: digestOfKey(1, "k"), bodyHash: "0123456789abcdef", accepted: 1, isPartial: false };

function requestOf(rows: Row[], receipts: DigestedReceipt[] = []) {
  return { batch: batchOf(rows), receipts, receivedAtMs: NOW };
}

function metasOf(database: Database) {
  return listBlocks(database);
}

function idsOf(database: Database): [number, number][] {
  return metasOf(database).map(({ firstId, lastId }) => [firstId, lastId]);
}

function allRows(database: Database): Row[] {
  return metasOf(database).flatMap((meta) => rowsOf(openBlock(database, meta)));
}

/** Lets no block in until it is told to. */
function breakInserts(database: Database): () => void {
  database.run("CREATE TRIGGER broken BEFORE INSERT ON block_part BEGIN SELECT raise(ABORT, 'broken'); END");
  return () => database.run("DROP TRIGGER broken");
}

describe("appending", () => {
  test("gives records contiguous ids from 1 on, across commits and after the database was opened again", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const first = openForWriting(path);
    const appender = createAppender(first);
    expect([appender.append(requestOf(numbered(3))), appender.append(requestOf(numbered(1, 4)))]).toEqual([1, 4]);
    first.close();
    using second = openForWriting(path);
    expect(createAppender(second).append(requestOf(numbered(2, 5)))).toBe(5);
    expect(idsOf(second)).toEqual([
      [1, 3],
      [4, 4],
      [5, 6],
    ]);
    expect(new Set(metasOf(second).map(({ id }) => id)).size).toBe(3);
    expect(allRows(second)).toEqual(numbered(6));
  });

  test("stores records and their receipts together", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    appender.append(requestOf(numbered(1), [RECEIPT]));
    const [stored] = readSmallBlocks(database, () => {});
    expect(stored && unpackReceipts(stored.data)).toEqual([RECEIPT]);
    expect(stored?.block).toMatchObject({ receipts: 1, lastRecordId: 1 });
  });

  test("that fails stores nothing, no receipt either, and uses no ids", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    appender.append(requestOf(numbered(2)));
    const before = metasOf(database);
    const repair = breakInserts(database);
    expect(() => appender.append(requestOf(numbered(5, 100), [RECEIPT]))).toThrow("broken");
    expect(metasOf(database)).toEqual(before);
    expect(readSmallBlocks(database, () => {})).toEqual([]);
    repair();
    expect(appender.append(requestOf(numbered(1, 3)))).toBe(3);
    expect(allRows(database)).toEqual(numbered(3));
    expect(metasOf(database).map(({ id }) => id)).toEqual([1, 2]);
  });

  test("that fails at its receipt stores no records", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    const invalid = { ...RECEIPT, accepted: -1 };
    expect(() => appender.append(requestOf(numbered(5), [RECEIPT, invalid]))).toThrow();
    expect(metasOf(database)).toEqual([]);
    expect(readSmallBlocks(database, () => {})).toEqual([]);
    expect(appender.append(requestOf(numbered(1)))).toBe(1);
  });

  test("splits a request whose records would come to a larger block than a limit of size allows", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const rows = numbered(100).map((row) => ({ ...row, message: `${crypto.randomUUID()} ${row.message}` }));
    createAppender(database, { mostBytes: 1000 }).append(requestOf(rows));
    expect(metasOf(database).length).toBeGreaterThan(3);
    for (const { characters } of metasOf(database)) expect(characters).toBeLessThan(1100);
    expect(allRows(database)).toEqual(rows);
  });

  test("makes the time of receipt the time of records that have none, in whole milliseconds", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const rows = [row({ ms: 5, nanos: 7, digits: 9 }), row({ ms: Number.NaN, nanos: 0, digits: 0 }), row({ ms: -1, digits: 0 })];
    createAppender(database).append(requestOf(rows));
    expect(allRows(database)).toEqual([
      row({ ms: 5, nanos: 7, digits: 9 }),
      row({ ms: NOW, nanos: 0, digits: 3 }),
      row({ ms: -1, digits: 0 }),
    ]);
    const [meta] = metasOf(database);
    expect(meta).toMatchObject({ timestampMin: -1, timestampMax: NOW, receivedMin: NOW, receivedMax: NOW });
  });

  test("splits a batch of more rows than a block may have", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    const rows = numbered(65_536 * 2 + 10);
    expect(appender.append(requestOf(rows))).toBe(1);
    expect(idsOf(database)).toEqual([
      [1, 65_536],
      [65_537, 131_072],
      [131_073, 131_082],
    ]);
    const read = allRows(database);
    expect(read.length).toBe(rows.length);
    expect(read.every(({ message, ms }, at) => message === rows[at]?.message && ms === rows[at]?.ms)).toBe(true);
    expect(appender.append(requestOf(numbered(1)))).toBe(131_083);
    expect(metasOf(database).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  test("keeps what is full at once in parts with Bloom filters, since no merge will come to it", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    createAppender(database).append(requestOf(numbered(70_000)));
    const blocks = metasOf(database).map((meta) => openBlock(database, meta));
    expect(blocks.map(({ meta, bloom }) => [meta.rows, bloom(0) !== undefined])).toEqual([
      [65_536, true],
      [4464, false],
    ]);
    expect(allRows(database)).toEqual(numbered(70_000));
  });

  test("splits a batch of more text than a block may have, between records", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const rows = Array.from({ length: 150 }, (_, i) => row({ message: `${i} ${"x".repeat(200_000)}`, attributes: `{"i":${i}}` }));
    createAppender(database).append(requestOf(rows));
    const metas = metasOf(database);
    expect(metas).toHaveLength(2);
    for (const { characters } of metas) expect(characters).toBeLessThan(17 * 1024 * 1024);
    const read = allRows(database);
    expect(read.map(({ message, attributes }, i) => message === rows[i]?.message && attributes === `{"i":${i}}`)).toEqual(
      rows.map(() => true),
    );
  });
});

describe("replacing blocks", () => {
  test("puts one block in the place of others", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    for (const from of [1, 3, 5]) appender.append(requestOf(numbered(2, from)));
    const replaced = metasOf(database).slice(0, 2);
    expect(appender.replace(replaced, encodedBlockOf(numbered(4)))).toBe(true);
    expect(idsOf(database)).toEqual([
      [1, 4],
      [5, 6],
    ]);
    expect(allRows(database)).toEqual(numbered(6));
    expect(metasOf(database).map(({ id }) => id)).toEqual([4, 3]);
    expect(appender.append(requestOf(numbered(1, 7)))).toBe(7);
    expect(metasOf(database).at(-1)?.id).toBe(5);
    expect(database.query("SELECT count(*) AS n FROM block_part").get()).toEqual({ n: 3 });
  });

  test("is refused where one of them is gone, and changes nothing", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    for (const from of [1, 3]) appender.append(requestOf(numbered(2, from)));
    const stale = metasOf(database);
    appender.replace(stale.slice(1), encodedBlockOf(numbered(2, 3), { firstId: 3 }));
    const before = metasOf(database);
    expect(appender.replace(stale, encodedBlockOf(numbered(4)))).toBe(false);
    expect(metasOf(database)).toEqual(before);
    expect(allRows(database)).toEqual(numbered(4));
    expect(appender.append(requestOf(numbered(1, 5)))).toBe(5);
    expect(metasOf(database).at(-1)?.id).toBe(4);
  });

  test("that fails midway leaves the old blocks", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    for (const from of [1, 3]) appender.append(requestOf(numbered(2, from)));
    const before = metasOf(database);
    const repair = breakInserts(database);
    expect(() => appender.replace(before, encodedBlockOf(numbered(4)))).toThrow("broken");
    repair();
    expect(metasOf(database)).toEqual(before);
    expect(allRows(database)).toEqual(numbered(4));
    expect(appender.replace(before, encodedBlockOf(numbered(4)))).toBe(true);
    expect(allRows(database)).toEqual(numbered(4));
  });
});
