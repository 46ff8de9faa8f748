import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { insertBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { damageOfPart, keyOfPart, listParts, readPart, readParts } from "../../../../../src/store/blocks/block/block-parts.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { openForReading, openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { checksumOfPart } from "../../../../../src/store/blocks/sqlite/checksum-of-part.ts";
import { makeOldReceipts } from "../../../../support/old-receipts.ts";
import { encodedBlockOf, numbered, rowsOf } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

/** What a database of format 1 looks like, before there were checksums. */
function makeOldDatabase(path: string): void {
  openForWriting(path).close();
  using database = new Database(path);
  database.run("ALTER TABLE block DROP COLUMN checksum");
  database.run("ALTER TABLE block_part DROP COLUMN checksum");
  makeOldReceipts(database);
  database.run("PRAGMA user_version=1");
  const { meta, parts } = encodedBlockOf(numbered(3));
  const { services, timestampMin, timestampMax, receivedMin, receivedMax } = meta;
  const values = [meta.firstId, 1, meta.version, meta.lastId, meta.rows, timestampMin, timestampMax, receivedMin, receivedMax];
  database
    .query("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run(...values, meta.severityMask, services.join("\n"), meta.bytes, meta.characters);
  for (const { part, page, data } of parts)
    database.query("INSERT INTO block_part VALUES (?, ?)").run(keyOfPart(1, part, page), data);
}

describe("checksums", () => {
  test("are another for each bit that is flipped, and for the same bytes in another place", () => {
    const data = crypto.getRandomValues(new Uint8Array(200));
    const sums = new Set([checksumOfPart(5, data), checksumOfPart(6, data)]);
    for (let bit = 0; bit < data.length * 8; bit += 1) {
      const flipped = data.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      sums.add(checksumOfPart(5, flipped));
    }
    expect(sums.size).toBe(data.length * 8 + 2);
  });

  test("are what they were when the first ones were stored", () => {
    expect(checksumOfPart(keyOfPart(7, 11, 3), new TextEncoder().encode("systems fall"))).toBe(693_140);
  });

  test("are kept with every part, and a part that does not match its own is not read", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    insertBlock(database, 1, encodedBlockOf(numbered(3)));
    const [part] = listParts(database, 1);
    expect(part?.checksum).toBe(checksumOfPart(part?.key as number, part?.data as Uint8Array));
    expect(readParts(database, 1).size).toBe(1);
    database.run("UPDATE block_part SET checksum = checksum + 1");
    const reason = "part 0, page 0 does not match its checksum";
    expect(() => readPart(database, 1, 0, 0)).toThrow(reason);
    expect(() => readParts(database, 1)).toThrow(reason);
    expect(listParts(database, 1).map(damageOfPart)).toEqual([reason]);
  });

  test.each(["version", "timestamp_max", "severity_mask", "characters", "last_id"])(
    "of what is known of a block cover its %s",
    async (column) => {
      await using folder = await makeTemporaryFolder();
      using database = openForWriting(folder.file("logs.db"));
      insertBlock(database, 1, encodedBlockOf(numbered(3)));
      expect(listBlocks(database)[0]?.damaged).toBeUndefined();
      database.run(`UPDATE block SET ${column} = ${column} + 1`);
      expect(listBlocks(database)[0]?.damaged).toBe(true);
    },
  );
});

describe("a database of before there were checksums", () => {
  test("is read as it is", async () => {
    await using folder = await makeTemporaryFolder();
    makeOldDatabase(folder.file("logs.db"));
    using database = openForReading(folder.file("logs.db"));
    expect(listBlocks(database).flatMap((meta) => rowsOf(openBlock(database, meta)))).toEqual(numbered(3));
  });

  test("is taken on: what was there is read unchecked, what comes has checksums", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    makeOldDatabase(path);
    for (const _ of ["migrates", "finds it done"]) {
      using database = openForWriting(path);
      expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: 4 });
    }
    using database = openForWriting(path);
    insertBlock(database, 2, encodedBlockOf(numbered(2, 4), { firstId: 4 }));
    const metas = listBlocks(database);
    expect(metas.flatMap((meta) => rowsOf(openBlock(database, meta)))).toEqual([...numbered(3), ...numbered(2, 4)]);
    expect([1, 2].map((id) => listParts(database, id).map(({ checksum }) => typeof checksum))).toEqual([["object"], ["number"]]);
  });
});
