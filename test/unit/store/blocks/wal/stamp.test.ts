import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { dropBlocks, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { markDatabase, openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { vacuumPages } from "../../../../../src/store/blocks/file/space.ts";
import { createToken, noteTokenUse, revokeToken, rotateToken } from "../../../../../src/store/blocks/file/tokens.ts";
import { RECEIPTS_A_BLOCK } from "../../../../../src/store/blocks/receipt/receipt-blocks.ts";
import { createReceiptKeeper } from "../../../../../src/store/blocks/receipt/receipt-keeper.ts";
import { type DigestedReceipt, digestReceipt } from "../../../../../src/store/blocks/receipt/receipts.ts";
import { markClock } from "../../../../../src/store/blocks/retain/clock-mark.ts";
import { readStamp, renewStamp, type Stamp } from "../../../../../src/store/blocks/wal/stamp.ts";
import { createAppender } from "../../../../../src/store/blocks/write/append.ts";
import { batchOf, encodedBlockOf, numbered } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const PAGE_BYTES = 4096;
const NOW = Date.parse("2026-11-24T10:00:00Z");

function pagesOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / PAGE_BYTES }, (_, i) => bytes.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES));
}

/** What is in a database's own file, its log being empty. */
async function stampsIn(path: string): Promise<Stamp[]> {
  return pagesOf(await readFile(path)).flatMap((page) => readStamp(page) ?? []);
}

async function openStamped() {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  const database = openForWriting(path);
  const number = () => database.query<{ number: number }, []>("SELECT number FROM stamp").get()?.number ?? 0;
  return {
    path,
    database,
    number,
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("the stamp of a database", () => {
  test("is found in its file without SQLite, on one page, as soon as there is one", async () => {
    await using file = await openStamped();
    const { path, database } = file;
    const [stamp] = await stampsIn(path);
    expect(await stampsIn(path)).toEqual([database.query("SELECT database, number FROM stamp").get() as Stamp]);
    const appender = createAppender(database);
    for (let i = 0; i < 50; i += 1) appender.append({ batch: batchOf(numbered(100)), receipts: [], receivedAtMs: NOW });
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    expect(await stampsIn(path)).toEqual([{ database: stamp?.database as number, number: (stamp?.number as number) + 50 }]);
  });

  test("is raised by one by each commit there is", async () => {
    await using file = await openStamped();
    const { database, number } = file;
    const keeper = createReceiptKeeper(database);
    const appender = createAppender(database, { receipts: keeper });
    const receipt = digestReceipt({ scope: 1, key: "k", bodyHash: "0123456789abcdef", accepted: 1, isPartial: false });
    const append = (rows: number, receipts: DigestedReceipt[] = []) =>
      appender.append({ batch: batchOf(numbered(rows)), receipts, receivedAtMs: NOW });
    const listed = () => listBlocks(database);
    const token = { name: "a", service: "a", scopes: ["ingest" as const], expiresAt: null };
    const commits: [string, () => unknown][] = [
      ["records", () => append(5)],
      ["more than a block of them", () => append(150_000)],
      ["a merge", () => appender.replace(listed().slice(0, 1), encodedBlockOf(numbered(5), { firstId: 1 }))],
      ["a drop", () => dropBlocks(database, listed())],
      ["free pages", () => vacuumPages(database, 10)],
      ["a mark", () => markDatabase(database, { x: 1 })],
      ["the same mark", () => markDatabase(database, { x: 1 })],
      ["a token", () => createToken(database, token, NOW)],
      ["a new secret", () => rotateToken(database, "a")],
      ["its use", () => noteTokenUse(database, { id: 1, usedAt: NOW, quotaDay: 1, quotaBytes: 0 })],
      ["its end", () => revokeToken(database, "a", NOW)],
      ["the time", () => markClock(database, { timeMs: 1, ranMs: 2, aheadMs: 3, uptimeMs: 4, boot: 5 })],
      [
        "receipts",
        () =>
          append(
            1,
            Array.from({ length: RECEIPTS_A_BLOCK }, () => receipt),
          ),
      ],
      ["their merge", () => keeper.inserted(RECEIPTS_A_BLOCK)],
      ["their end", () => keeper.drop(NOW)],
    ];
    for (const [what, commit] of commits) {
      const before = number();
      commit();
      expect([what, number() - before]).toEqual([what, 1]);
    }
    // What changes nothing commits nothing.
    const before = number();
    revokeToken(database, "a", NOW);
    vacuumPages(database, 0);
    keeper.drop(NOW * 2);
    expect(number()).toBe(before);
  });

  test("takes as many bytes at any number, so that half an old and half a new page are one of the two", async () => {
    await using file = await openStamped();
    const { path, database } = file;
    const versions: [Buffer, Stamp][] = [];
    for (const number of [2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 47 - 1]) {
      database.query("UPDATE stamp SET number = ?").run(number);
      database.run("PRAGMA wal_checkpoint(TRUNCATE)");
      const page = pagesOf(await readFile(path)).find((candidate) => readStamp(candidate) !== undefined) as Buffer;
      versions.push([page, readStamp(page) as Stamp]);
    }
    for (const [older, old] of versions) {
      for (const [newer, { number }] of versions) {
        for (const sector of [512, 1024, 2048]) {
          const torn = Buffer.concat([older.subarray(0, sector), newer.subarray(sector)]);
          expect(readStamp(torn)).toEqual({ ...old, number });
        }
      }
    }
  });

  test("is another in a copy", async () => {
    await using file = await openStamped();
    const { path, database } = file;
    const before = await stampsIn(path);
    renewStamp(database);
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    const after = await stampsIn(path);
    expect(after).toHaveLength(1);
    expect(after[0]?.database).not.toBe(before[0]?.database as number);
  });

  test("is found on no page that is something else", async () => {
    await using file = await openStamped();
    const { path, database } = file;
    const appender = createAppender(database);
    for (let i = 0; i < 20; i += 1) appender.append({ batch: batchOf(numbered(1)), receipts: [], receivedAtMs: NOW });
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    const pages = pagesOf(await readFile(path));
    expect(pages.filter((page) => readStamp(page) !== undefined)).toHaveLength(1);
    const page = pages.find((candidate) => readStamp(candidate) !== undefined) as Buffer;
    const cell = page.readUInt16BE(8);
    for (const at of [0, 4, 8, 9, cell, cell + 1, cell + 5, cell + 9, cell + 10, cell + 12]) {
      const other = Buffer.from(page);
      other[at] = (other[at] as number) ^ 0x11;
      expect([at, readStamp(other)]).toEqual([at, undefined]);
    }
    for (let i = 0; i < 100; i += 1) {
      const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(PAGE_BYTES)));
      page.copy(noise, 0, 0, 8);
      expect(readStamp(noise)).toBeUndefined();
    }
  });
});
