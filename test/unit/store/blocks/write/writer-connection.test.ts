import { describe, expect, test } from "bun:test";
import { copyFileSync, renameSync } from "node:fs";
import { newestRecordId } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { openForReading } from "../../../../../src/store/blocks/file/database.ts";
import { diskFull } from "../../../../../src/store/blocks/file/disk-room.ts";
import { walBytes } from "../../../../../src/store/blocks/wal/wal.ts";
import { openConnection } from "../../../../../src/store/blocks/write/writer-connection.ts";
import { createRecordBatchBuilder } from "../../../../../src/store/record-batch.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

function batchOf(rows: number) {
  const builder = createRecordBatchBuilder();
  for (let i = 0; i < rows; i += 1) builder.append(1_764_000_000_000, 0, 3, 2, "web", `record ${i}`, "");
  return { batch: builder.seal(), receipts: [], receivedAtMs: 1_764_000_000_000 };
}

async function open() {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  const asked: number[] = [];
  let room = Number.POSITIVE_INFINITY;
  const connection = openConnection({
    path,
    retention: undefined,
    minFreeBytes: 0,
    requireRoomFor(bytes) {
      asked.push(bytes);
      if (bytes > room) throw diskFull(0, bytes);
    },
    onMissing() {},
    onDropped() {},
    onReceiptsDropped() {},
    onTrouble() {},
  });
  // As in a collector: with a reader beside it, its WAL does not go when the writer closes.
  const reader = openForReading(path);
  reader.query("SELECT count(*) FROM block").get();
  return {
    path,
    connection,
    reader,
    asked,
    setRoom(bytes: number) {
      room = bytes;
    },
    async [Symbol.asyncDispose]() {
      reader.close();
      connection.database().close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("the writer's connection", () => {
  test("is made anew after a failure: all that was committed is in the file itself then, and ids go on", async () => {
    await using test = await open();
    const { connection, path } = test;
    expect(connection.appender().append(batchOf(5))).toBe(1);
    const before = connection.database();
    expect(walBytes(path)).toBeGreaterThan(0);
    connection.reopen(5);
    expect(connection.database()).not.toBe(before);
    expect(() => before.query("SELECT 1").get()).toThrow();
    copyFileSync(path, `${path}-alone`);
    const alone = openForReading(`${path}-alone`);
    expect(newestRecordId(alone)).toBe(5);
    alone.close();
    expect(connection.appender().append(batchOf(3))).toBe(6);
  });

  test("is of no use where what was acknowledged is not there any more, or the file is another one", async () => {
    await using test = await open();
    const { connection, path } = test;
    connection.appender().append(batchOf(5));
    expect(() => connection.reopen(6)).toThrow("records that were acknowledged are not in the database any more");
    connection.reopen(5);
    renameSync(path, `${path}-moved`);
    expect(() => connection.reopen(5)).toThrow("deleted or replaced");
    expect(() => connection.requirePlace()).toThrow("deleted or replaced");
    renameSync(`${path}-moved`, path);
    connection.reopen(5);
  });

  test("writes nothing for which there is no room, and uses no ids for it", async () => {
    await using test = await open();
    const { connection, asked, setRoom } = test;
    setRoom(10);
    expect(() => connection.appender().append(batchOf(5))).toThrow("the disk is full");
    expect(asked[0]).toBeGreaterThan(10);
    setRoom(asked[0] as number);
    expect(connection.appender().append(batchOf(5))).toBe(1);
  });
});
