import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { LogctlError } from "../../../../../src/errors.ts";
import { deleteBlock, insertBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { readPart } from "../../../../../src/store/blocks/block/block-parts.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { createSchema, isOurs, openForReading, openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { giveSpaceBack } from "../../../../../src/store/blocks/file/space.ts";
import { makeOldReceipts } from "../../../../support/old-receipts.ts";
import { encodedBlockOf, numbered, rowsOf } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

function failureOf(work: () => unknown): LogctlError {
  try {
    work();
  } catch (error) {
    if (error instanceof LogctlError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe("opening a database for writing", () => {
  test("makes it, readable by its owner only, its write-ahead log too", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using database = openForWriting(path);
    database.run("CREATE TABLE t (x)");
    expect([await modeOf(path), await modeOf(`${path}-wal`)]).toEqual([0o600, 0o600]);
    expect(listBlocks(database)).toEqual([]);
  });

  test("takes a database that others may read away from them", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    openForWriting(path).close();
    await chmod(path, 0o644);
    openForWriting(path).close();
    expect(await modeOf(path)).toBe(0o600);
  });

  test("commits to disk before a commit returns", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    expect(database.query("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
    expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  });

  test("keeps what is in a database of its own", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const first = openForWriting(path);
    insertBlock(first, 1, encodedBlockOf(numbered(3)));
    first.close();
    using second = openForWriting(path);
    expect(listBlocks(second)).toMatchObject([{ id: 1, firstId: 1, lastId: 3, rows: 3 }]);
  });

  test("takes an empty file for a new database", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    await writeFile(path, "");
    using database = openForWriting(path);
    expect(listBlocks(database)).toEqual([]);
  });

  test("refuses a database of another program, and leaves it as it was", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("theirs.db");
    const theirs = new Database(path);
    theirs.run("CREATE TABLE theirs (x)");
    theirs.close();
    await chmod(path, 0o644);
    const before = await readFile(path);
    const failure = failureOf(() => openForWriting(path));
    expect(failure.code).toBe("database_unusable");
    expect(failure.message).toContain(`'${path}' is a database of another program`);
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
    expect(await modeOf(path)).toBe(0o644);
  });

  test("refuses an empty database that another program has marked as its own", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("theirs.db");
    const theirs = new Database(path);
    theirs.run("PRAGMA application_id=7");
    theirs.close();
    expect(failureOf(() => openForWriting(path))).toMatchObject({
      code: "database_unusable",
      message: expect.stringContaining(path),
    });
  });

  test("refuses a text file, and leaves it as it was", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("notes.txt");
    const text = "these are notes, not a database\n".repeat(100);
    await writeFile(path, text, { mode: 0o644 });
    const failure = failureOf(() => openForWriting(path));
    expect(failure.code).toBe("database_unusable");
    expect(failure.message).toBe(`'${path}' is no database: it does not begin as one; name another file by --db`);
    expect(await readFile(path, "utf8")).toBe(text);
    expect(await modeOf(path)).toBe(0o644);
  });

  test("refuses a folder", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("folder.db");
    await mkdir(path);
    const failure = failureOf(() => openForWriting(path));
    expect(failure.code).toBe("database_unusable");
    expect(failure.message).toContain(path);
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  test("refuses a path in a folder that is not there", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("missing/logs.db");
    expect(failureOf(() => openForWriting(path))).toMatchObject({
      code: "database_unusable",
      message: expect.stringContaining(path),
    });
  });

  test("refuses a database that a newer logctl wrote, naming both formats", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const database = openForWriting(path);
    database.run("PRAGMA user_version=99");
    database.close();
    const failure = failureOf(() => openForWriting(path));
    expect(failure.code).toBe("database_unusable");
    expect(failure.message).toContain(path);
    expect(failure.message).toContain("format 99");
    expect(failure.message).toContain("reads up to 4");
  });

  test("takes on a database of before there were phrases, which an older logctl then leaves alone", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using older = openForWriting(path);
    insertBlock(older, 1, encodedBlockOf(numbered(3)));
    makeOldReceipts(older);
    older.run("PRAGMA user_version=2");
    using database = openForWriting(path);
    expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: 4 });
    expect(listBlocks(database).flatMap((meta) => rowsOf(openBlock(database, meta)))).toEqual(numbered(3));
  });
});

describe("a database that another process makes at this moment", () => {
  test("is none yet, or ours, whenever that one commits", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using maker = new Database(path);
    maker.run("PRAGMA journal_mode=WAL");
    using reader = new Database(path);
    // The other commits as soon as one thing has been read.
    const racing = {
      query(sql: string) {
        const answer = reader.query(sql).get();
        createSchema(maker, path);
        return { get: () => answer };
      },
    } as unknown as Database;
    expect(isOurs(racing, path)).toBe(false);
    expect(isOurs(racing, path)).toBe(true);
  });
});

describe("opening a database for reading", () => {
  test("gives a connection that cannot write", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using writer = openForWriting(path);
    using reader = openForReading(path);
    insertBlock(writer, 1, encodedBlockOf(numbered(2)));
    expect(listBlocks(reader)).toHaveLength(1);
    expect(() => deleteBlock(reader, 1, 1)).toThrow();
    expect(listBlocks(writer)).toHaveLength(1);
  });

  test("refuses a file that is not there, and does not make it", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("missing.db");
    expect(failureOf(() => openForReading(path))).toMatchObject({
      code: "database_unusable",
      message: expect.stringContaining(path),
    });
    expect(await Bun.file(path).exists()).toBe(false);
  });
});

describe("blocks", () => {
  test("are listed as asked for, with all that is known of them", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const blocks = [1, 11, 21].map((firstId) => encodedBlockOf(numbered(10, firstId), { firstId }));
    for (const [index, block] of blocks.entries()) insertBlock(database, index + 5, block);
    expect(listBlocks(database)).toEqual(blocks.map(({ meta }, index) => ({ id: index + 5, ...meta })));
    expect(listBlocks(database, { before: 20 }, "newest").map(({ id }) => id)).toEqual([6, 5]);
    expect(listBlocks(database, {}, "newest", 1).map(({ id }) => id)).toEqual([7]);
    expect(listBlocks(database, { beginsAfter: 99 }, "newest")).toEqual([]);
  });

  test("go with all their parts, and leave those of their neighbours", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    for (const id of [1, 2, 3]) {
      const parts = [0, 12].map((part) => ({ part, page: part === 0 ? 0 : 255, data: Uint8Array.of(id, part) }));
      insertBlock(database, id, { meta: encodedBlockOf(numbered(1), { firstId: id }).meta, parts });
    }
    expect(deleteBlock(database, 2, 2)).toBe(true);
    expect(listBlocks(database).map(({ id }) => id)).toEqual([1, 3]);
    for (const id of [1, 3]) {
      expect(readPart(database, id, 0, 0)).toEqual(Uint8Array.of(id, 0));
      expect(readPart(database, id, 12, 255)).toEqual(Uint8Array.of(id, 12));
    }
    expect([readPart(database, 2, 0, 0), readPart(database, 2, 12, 255)]).toEqual([undefined, undefined]);
    expect(database.query("SELECT count(*) AS n FROM block_part").get()).toEqual({ n: 4 });
    expect(deleteBlock(database, 2, 2)).toBe(false);
  });
});

describe("giving space back", () => {
  test("shrinks the file by what nothing needs any more, a bounded piece at a time", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using database = openForWriting(path);
    const noise = () => crypto.getRandomValues(new Uint8Array(60_000));
    for (let id = 1; id <= 200; id += 1) {
      insertBlock(database, id, {
        meta: encodedBlockOf(numbered(1), { firstId: id }).meta,
        parts: [{ part: 0, page: 0, data: noise() }],
      });
    }
    giveSpaceBack(database, 1000);
    const full = (await stat(path)).size;
    for (let id = 2; id <= 200; id += 1) deleteBlock(database, id, id);
    let calls = 1;
    while (giveSpaceBack(database, 1000)) calls += 1;
    expect(calls).toBeGreaterThan(1);
    expect(full).toBeGreaterThan(10_000_000);
    expect((await stat(path)).size).toBeLessThan(500_000);
    expect((await stat(`${path}-wal`)).size).toBe(0);
    expect(readPart(database, 1, 0, 0)).toHaveLength(60_000);
    expect(database.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  });

  test("waits for no reader, and leaves what the reader sees", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using database = openForWriting(path);
    insertBlock(database, 1, encodedBlockOf(numbered(5)));
    using reader = openForReading(path);
    reader.run("BEGIN");
    expect(listBlocks(reader)).toHaveLength(1);
    deleteBlock(database, 1, 1);
    const start = performance.now();
    giveSpaceBack(database, 1000);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(listBlocks(reader)).toHaveLength(1);
    reader.run("COMMIT");
    expect(listBlocks(reader)).toEqual([]);
  });
});
