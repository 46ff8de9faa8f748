import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { NO_FILTER } from "../../../src/schema/filter.ts";
import { openStore, type Store } from "../../../src/store/open-store.ts";
import { eventually } from "../../support/binary.ts";
import { appendTo, createRandomRecords } from "../../support/random-records.ts";
import { openTestStore } from "../../support/store.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const next = createRandomRecords(7);
const take = (count: number) => Array.from({ length: count }, next);

async function appendSome(store: Store, count: number): Promise<void> {
  await store.append((batch) => {
    for (const record of take(count)) appendTo(batch, record);
    return {};
  });
}

const EVERYTHING = {
  filter: NO_FILTER,
  sort: "received_at",
  order: "asc",
  offset: 0,
  limit: Number.POSITIVE_INFINITY,
  format: "ndjson",
} as const;

async function idsOf(store: Store): Promise<number[]> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const { bytes } of store.search(EVERYTHING)) text += decoder.decode(bytes, { stream: true });
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id);
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe("a store", () => {
  test("closes to one file and its lock, and goes on where it ended", async () => {
    await using folder = await makeTemporaryFolder();
    const options = { path: folder.file("logs.db"), pid: process.pid, now: () => Date.now(), onFailure: () => {} };
    const first = await openStore(options);
    await appendSome(first, 10);
    await first.close();
    expect((await readdir(folder.path)).sort()).toEqual(["logs.db", "logs.db-lock"]);
    const second = await openStore(options);
    await appendSome(second, 5);
    expect(await idsOf(second)).toEqual(upTo(15));
    await second.close();
  });

  test("has its database to itself, and names who has it", async () => {
    await using test = await openTestStore();
    const second = openStore({ path: test.path, pid: 1, now: Date.now, onFailure: () => {} });
    const refused = await second.catch((error: Error) => error);
    expect(refused).toMatchObject({ message: expect.stringContaining(`in use by process ${process.pid}`) });
    await test.append(take(1));
    expect(await test.store.count(NO_FILTER)).toBe(1);
  });

  test("stores a receipt with its records, and not without them", async () => {
    await using test = await openTestStore();
    const receipt = { scope: 1, key: "k", bodyHash: "h", answer: "{}" };
    await test.store.append((batch) => {
      for (const record of take(2)) appendTo(batch, record);
      return { receipt };
    });
    expect(test.store.receipt(1, "k")).toEqual(receipt);
    expect(test.store.receipt(2, "k")).toBeUndefined();
    await test.store.append(() => ({ receipt: { ...receipt, key: "nothing" } }));
    expect(test.store.receipt(1, "nothing")).toBeUndefined();
  });

  test("tells why it cannot write, keeps what it has, and goes on when it can again", async () => {
    await using test = await openTestStore();
    await test.append(take(3));
    const other = new Database(test.path);
    other.run("ALTER TABLE receipt RENAME TO elsewhere");
    const write = () =>
      test.store.append((batch) => {
        for (const record of take(2)) appendTo(batch, record);
        return { receipt: { scope: 1, key: "k", bodyHash: "h", answer: "{}" } };
      });
    const refused = await write().catch((error: Error) => error);
    expect(refused).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("no such table") });
    expect(test.store.failure()?.code).toBe("store_unavailable");
    expect(await test.store.count(NO_FILTER)).toBe(3);
    other.run("ALTER TABLE elsewhere RENAME TO receipt");
    other.close();
    await write();
    expect(test.store.failure()).toBeUndefined();
    expect(await idsOf(test.store)).toEqual(upTo(5));
  });
});

test("a database that cannot be opened leaves no thread and no lock behind", async () => {
  await using folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  await Bun.write(path, "no database at all, but long enough to be looked at. ".repeat(20));
  const options = { path, pid: process.pid, now: () => Date.now(), onFailure: () => {} };
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const refused = await openStore(options).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: "database_unusable", message: expect.stringContaining(path) });
  }
  await Bun.file(path).delete();
  const store = await openStore(options);
  await appendSome(store, 1);
  expect(await idsOf(store)).toEqual([1]);
  await store.close();
});

describe("many small commits", () => {
  test("end in few blocks, with every record there once", async () => {
    await using test = await openTestStore();
    for (let round = 0; round < 40; round += 1) {
      for (let i = 0; i < 50; i += 1) await test.append(take(1));
      expect(test.blocks()).toBeLessThan(400);
    }
    await eventually(() => (test.blocks() < 120 ? true : undefined));
    expect(await idsOf(test.store)).toEqual(upTo(2000));
    expect(test.failures).toEqual([]);
  }, 30_000);

  test("of fifty callers at once are all found, with ids that leave no gap", async () => {
    await using test = await openTestStore();
    await Promise.all(Array.from({ length: 50 }, (_, i) => appendSome(test.store, i + 1)));
    expect(await idsOf(test.store)).toEqual(upTo((50 * 51) / 2));
  });
});

describe("a long scan", () => {
  test("holds up no append, and ends when its reader goes away", async () => {
    await using test = await openTestStore();
    for (let commit = 0; commit < 10; commit += 1) await appendSome(test.store, 10_000);
    let rows = 0;
    let appended = 0;
    let slowestMs = 0;
    for await (const piece of test.store.search(EVERYTHING)) {
      rows += piece.rows;
      if (appended < 10) {
        const startedAt = performance.now();
        await appendSome(test.store, 10);
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
        appended += 1;
      }
    }
    expect(rows).toBeGreaterThanOrEqual(100_000);
    expect(appended).toBe(10);
    expect(slowestMs).toBeLessThan(1000);
    // Readers that leave after the first piece leave nothing behind that would keep the threads busy.
    for (let i = 0; i < 50; i += 1) for await (const _ of test.store.search(EVERYTHING)) break;
    const startedAt = performance.now();
    expect(await test.store.count(NO_FILTER)).toBe(100_100);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  }, 30_000);

  test("comes in pieces that join to what the format promises", async () => {
    await using test = await openTestStore();
    for (let commit = 0; commit < 3; commit += 1) await appendSome(test.store, 3000);
    const read = async (format: "json" | "ndjson" | "csv", terms: string[] = []) => {
      const pieces: Uint8Array[] = [];
      let rows = 0;
      const filter = { ...NO_FILTER, terms };
      for await (const piece of test.store.search({ filter, sort: "timestamp", order: "desc", offset: 0, limit: 8500, format })) {
        pieces.push(piece.bytes);
        rows += piece.rows;
      }
      return { text: Buffer.concat(pieces).toString(), rows, pieces: pieces.length };
    };
    const json = await read("json");
    expect(json.pieces).toBeGreaterThan(2);
    expect([json.rows, JSON.parse(json.text).length]).toEqual([8500, 8500]);
    const ndjson = await read("ndjson");
    expect(
      ndjson.text.endsWith("\n") &&
        ndjson.text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
    ).toEqual(JSON.parse(json.text));
    expect((await read("csv")).text).toStartWith("id,timestamp,received_at,service,severity,message,attributes\r\n");
    expect([(await read("json", ["absent"])).text, (await read("ndjson", ["absent"])).text]).toEqual(["[]\n", ""]);
  });
});
