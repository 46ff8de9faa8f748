import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { dropBlocks, insertBlock, listBlocks } from "../../../../src/store/blocks/block/block-catalog.ts";
import { openForWriting } from "../../../../src/store/blocks/file/database.ts";
import { openLastRecord } from "../../../../src/store/blocks/file/last-record.ts";
import { insertReceipts } from "../../../../src/store/blocks/receipt/receipt-blocks.ts";
import { digestReceipt } from "../../../../src/store/blocks/receipt/receipts.ts";
import { verifyDatabase } from "../../../../src/store/blocks/verify.ts";
import { makeOldReceipts } from "../../../support/old-receipts.ts";
import { encodedBlockOf, numbered } from "../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

/** What is found in a database of three blocks of ten records, to which `harm` was done; and the blocks it came by. */
async function verifyAfter(harm: (database: Database, path: string) => void) {
  await using folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  {
    using database = openForWriting(path);
    for (const id of [1, 2, 3]) {
      const firstId = id * 10 - 9;
      insertBlock(database, id, encodedBlockOf(numbered(10, firstId), { firstId, dense: id === 2 }));
    }
    harm(database, path);
  }
  const verifying = verifyDatabase(path);
  let step = verifying.next();
  while (!step.done) step = verifying.next();
  return step.value;
}

describe("verifying", () => {
  test("finds nothing in a whole database, with records dropped and a last id that is there", async () => {
    const found = await verifyAfter((database, path) => {
      dropBlocks(database, listBlocks(database, { id: 1 }));
      const last = openLastRecord(path);
      last.write(30);
      last.close();
    });
    expect(found).toEqual({ blocks: 2, whole: 2, records: 20, missing: 0, unchecked: 0, findings: [] });
  });

  test("misses nothing that was dropped from between others, as where a clock was set back", async () => {
    const found = await verifyAfter((database) => dropBlocks(database, listBlocks(database, { id: 2 })));
    expect(found).toEqual({ blocks: 2, whole: 2, records: 20, missing: 0, unchecked: 0, findings: [] });
  });

  const block = (id: number) => ({ about: "block", block: id, first_id: id * 10 - 9, last_id: id * 10 });
  const file = (message: string) => ({ about: "file", message: expect.stringContaining(message) });
  test.each([
    [
      "a part that is not what was written",
      "UPDATE block_part SET data = zeroblob(length(data)) WHERE key >> 14 = 1",
      [block(1)],
    ],
    ["parts that are missing", "DELETE FROM block_part WHERE key >> 14 = 2 AND (key >> 8) & 63 IN (10, 15)", [block(2)]],
    ["what is known of a block", "UPDATE block SET services = 'other' WHERE id = 3", [block(3)]],
    [
      "a block that is gone but for its parts",
      "DELETE FROM block WHERE id = 2",
      [{ about: "records", first_id: 11, last_id: 20 }, file("parts of a block 2")],
    ],
    [
      "a first block that is gone",
      "DELETE FROM block WHERE id = 1",
      [{ about: "records", first_id: 1, last_id: 10 }, file("parts of a block 1")],
    ],
    ["a mark that nothing can have set", "INSERT INTO mark VALUES ('dropped_id', 99)", [file("99 are said to be dropped")]],
    ["a column that is gone", "ALTER TABLE token DROP COLUMN name", [file("columns of 'token'")]],
    ["an index too many", "CREATE INDEX theirs ON token (name)", [file("'token by theirs' is none of logctl's")]],
    ["a table too many", "CREATE TABLE theirs (x)", [file("'theirs' is none of logctl's")]],
  ] as const)("finds %s", async (_, harm, findings) => {
    const found = await verifyAfter((database) => database.run(harm));
    expect(found.findings).toMatchObject([...findings]);
    expect(found.findings).toHaveLength(findings.length);
  });

  test("finds nothing wrong with a database of before receipts had blocks", async () => {
    const older = await verifyAfter((database) => {
      makeOldReceipts(database);
      database.run("PRAGMA user_version=3");
    });
    expect(older.findings).toEqual([]);
  });

  test("finds receipts that are not what was written", async () => {
    const found = await verifyAfter((database) => {
      const receipts = [digestReceipt({ scope: 1, key: "k", bodyHash: "00000000000000ff", accepted: 1, isPartial: false })];
      insertReceipts(database, { id: 7, lastRecordId: 1, createdAt: 0 }, receipts);
      database.run("UPDATE receipt SET created_at = 5");
    });
    expect(found.findings).toMatchObject([file("block 7 of the receipts")]);
  });

  test("holds blocks that have no checksums to what is in them", async () => {
    const harm = (also: string) => (database: Database) => {
      database.run("UPDATE block SET checksum = NULL");
      database.run("UPDATE block_part SET checksum = NULL");
      database.run(also);
    };
    expect(await verifyAfter(harm("SELECT 1"))).toMatchObject({ whole: 3, unchecked: 3, findings: [] });
    for (const fact of [
      "timestamp_min",
      "timestamp_max",
      "received_min",
      "received_max",
      "severity_mask",
      "characters",
      "bytes",
    ]) {
      const { findings } = await verifyAfter(harm(`UPDATE block SET ${fact} = ${fact} + 1 WHERE id = 2`));
      expect([fact, findings.map((finding) => finding.block)]).toEqual([fact, [2]]);
    }
  }, 60_000);

  test("finds what is missing at the end by the last id that was stored", async () => {
    const { missing, findings } = await verifyAfter((_, path) => {
      const last = openLastRecord(path);
      last.write(42);
      last.close();
    });
    expect([missing, findings]).toMatchObject([12, [{ about: "records", first_id: 31, last_id: 42 }]]);
  });

  test("finds that all is missing where the file is empty but for its header", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    new Database(path).run("PRAGMA user_version=0");
    const last = openLastRecord(path);
    last.write(7);
    last.close();
    new Database(path).run("VACUUM");
    expect(verifyDatabase(path).next()).toMatchObject({
      done: true,
      value: { missing: 7, findings: [{ first_id: 1, last_id: 7 }] },
    });
  });

  test("refuses what nothing can be said of", async () => {
    await using folder = await makeTemporaryFolder();
    new Database(folder.file("empty.db")).run("PRAGMA user_version=0");
    for (const name of ["missing.db", "empty.db"]) {
      expect(() => verifyDatabase(folder.file(name)).next()).toThrow(name);
    }
  });
});
