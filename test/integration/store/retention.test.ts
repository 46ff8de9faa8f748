import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { NO_FILTER } from "../../../src/query/filter.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import { dropBlocks, listBlocks } from "../../../src/store/blocks/block/block-catalog.ts";
import { openForReading, openForWriting } from "../../../src/store/blocks/file/database.ts";
import { openStore } from "../../../src/store/blocks/open-block-store.ts";
import { sumReceipts } from "../../../src/store/blocks/receipt/receipt-blocks.ts";
import { search } from "../../../src/store/blocks/search/search.ts";
import { createAppender } from "../../../src/store/blocks/write/append.ts";
import { createRecordBatchBuilder } from "../../../src/store/record-batch.ts";
import type { Dropped, Retention } from "../../../src/store/retention.ts";
import type { Store } from "../../../src/store/store.ts";
import { eventually } from "../../support/binary.ts";
import { noDamage } from "../../support/no-damage.ts";
import { appendTo, BASE_MS, randomRecord } from "../../support/random-records.ts";
import { EVERYTHING, idsOf } from "../../support/store.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const DAY_MS = 86_400_000;
const random = createRandom(7);

async function openKeeping() {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  const failures: Error[] = [];
  const dropped: Dropped[] = [];
  let nowMs = BASE_MS;
  let store: Store | undefined;
  const open = async (retention: Retention) => {
    await store?.close();
    const keep = { retention, onDropped: (drop: Dropped) => dropped.push(drop) };
    store = await openStore({
      path,
      pid: process.pid,
      now: () => nowMs,
      onFailure: (error) => failures.push(error),
      keep,
      clockBelievedAfterMs: 0,
    });
    return store;
  };
  return {
    path,
    failures,
    dropped,
    open,
    /** Lets time pass. */
    pass: (ms: number) => {
      nowMs += ms;
    },
    async [Symbol.asyncDispose]() {
      await store?.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function append(store: Store, count: number, text = () => ""): Promise<unknown> {
  return store.append((batch) => {
    for (let i = 0; i < count; i += 1) batch.append(Number.NaN, 0, 3, 2, "web", `record ${i} ${text()}`, "");
    return {};
  });
}

/** Text that no compression makes small. */
function noise(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(1000))).toString("base64");
}

describe("a store that keeps records for a time", () => {
  test("drops what was received longer ago when it is opened, tells of it, and goes on counting ids", async () => {
    await using keeping = await openKeeping();
    let store = await keeping.open({ maxAgeMs: 30 * DAY_MS });
    await append(store, 10);
    keeping.pass(31 * DAY_MS);
    await append(store, 5);
    store = await keeping.open({ maxAgeMs: 30 * DAY_MS });
    const [dropped] = await eventually(() => (keeping.dropped.length > 0 ? keeping.dropped : undefined));
    expect(dropped).toEqual({ reason: "age", records: 10, receivedMin: BASE_MS, receivedMax: BASE_MS });
    expect(await idsOf(store)).toEqual([11, 12, 13, 14, 15]);
    keeping.pass(60 * DAY_MS);
    store = await keeping.open({ maxAgeMs: 30 * DAY_MS });
    await eventually(() => (keeping.dropped.length > 1 ? true : undefined));
    expect(await idsOf(store)).toEqual([]);
    store = await keeping.open({ maxAgeMs: 30 * DAY_MS });
    await append(store, 1);
    expect(await idsOf(store)).toEqual([16]);
    expect(keeping.failures).toEqual([]);
  }, 20_000);

  test("keeps what happened long ago and arrives now", async () => {
    await using keeping = await openKeeping();
    const store = await keeping.open({ maxAgeMs: DAY_MS });
    await store.append((batch) => {
      batch.append(BASE_MS - 365 * DAY_MS, 0, 3, 2, "web", "late", "");
      return {};
    });
    await keeping.open({ maxAgeMs: DAY_MS }).then(async (again) => expect(await idsOf(again)).toEqual([1]));
    expect(keeping.dropped).toEqual([]);
  });
});

/** Records of one request each, every one with an idempotency key. */
async function appendKeyed(store: Store, count: number, text = () => ""): Promise<void> {
  const requests = Array.from({ length: count }, () =>
    store.append((batch) => {
      batch.append(Number.NaN, 0, 3, 2, "web", `keyed ${text()}`, "");
      return { receipt: { scope: 1, key: crypto.randomUUID(), bodyHash: "00000000000000ff", accepted: 1, isPartial: false } };
    }),
  );
  await Promise.all(requests);
}

function receiptsOf(path: string): { receipts: number; bytes: number } {
  using reader = openForReading(path);
  return sumReceipts(reader);
}

describe("a store that may be so large", () => {
  test("drops no record for the idempotency keys of very many small requests", async () => {
    await using keeping = await openKeeping();
    let store = await keeping.open({ maxBytes: 10_000_000 });
    for (let round = 0; round < 100; round += 1) await appendKeyed(store, 1000);
    store = await keeping.open({ maxBytes: 10_000_000 });
    expect([await store.count(NO_FILTER), keeping.dropped]).toEqual([100_000, []]);
    await eventually(() => (receiptsOf(keeping.path).bytes <= 1_250_000 ? true : undefined));
    expect(receiptsOf(keeping.path).receipts).toBeGreaterThan(20_000);
    expect(statSync(keeping.path).size).toBeLessThan(10_000_000);
    expect(keeping.failures).toEqual([]);
  }, 60_000);

  test("drops keys before records, those first whose records are gone, and stays within its limit", async () => {
    await using keeping = await openKeeping();
    let store = await keeping.open({ maxBytes: 10_000_000 });
    for (let round = 0; round < 100; round += 1) await appendKeyed(store, 400, noise);
    store = await keeping.open({ maxBytes: 10_000_000 });
    await eventually(() => (statSync(keeping.path).size <= 10_000_000 ? true : undefined));
    const [oldest = 0] = await idsOf(store, { limit: 1 });
    expect(oldest).toBeGreaterThan(30_000);
    expect(await store.count(NO_FILTER)).toBeGreaterThan(5000);
    // Those of two of three merged blocks are gone; of what was dropped last they stay until there is need.
    expect(receiptsOf(keeping.path).receipts).toBeLessThan(25_000);
    expect(receiptsOf(keeping.path).receipts).toBeGreaterThan(5000);
    expect(keeping.failures).toEqual([]);
  }, 60_000);

  test("stays near its limit while records keep coming, and has the newest of them", async () => {
    await using keeping = await openKeeping();
    const maxBytes = 10_000_000;
    const store = await keeping.open({ maxBytes });
    let largest = 0;
    for (let i = 0; i < 80; i += 1) {
      keeping.pass(1000);
      await append(store, 500, noise);
      if (i > 20) largest = Math.max(largest, statSync(keeping.path).size);
    }
    let before = "";
    const ids = await eventually(async () => {
      const found = await idsOf(store);
      // What is read while blocks go may have an old one, and lack the next, which went before it was read.
      const isSettled = found.join() === before;
      before = found.join();
      return isSettled && found.length < 20_000 ? found : undefined;
    });
    expect(largest).toBeLessThan(2 * maxBytes);
    expect(ids.at(-1)).toBe(40_000);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => 40_000 - ids.length + 1 + i));
    // What was not told yet is told when the store is closed.
    await keeping.open({});
    expect(keeping.dropped.reduce((sum, { records }) => sum + records, 0)).toBe(40_000 - ids.length);
    expect(keeping.failures).toEqual([]);
  }, 60_000);

  test("takes what an older limit let grow down to the new one, file included", async () => {
    await using keeping = await openKeeping();
    let store = await keeping.open({});
    for (let i = 0; i < 40; i += 1) await append(store, 500, noise);
    store = await keeping.open({});
    expect(statSync(keeping.path).size).toBeGreaterThan(15_000_000);
    store = await keeping.open({ maxBytes: 10_000_000 });
    await eventually(() => (statSync(keeping.path).size < 10_000_000 ? true : undefined));
    expect((await idsOf(store)).at(-1)).toBe(20_000);
  }, 60_000);
});

describe("a search under way while blocks are dropped", () => {
  test.each([
    ["received_at", "asc"],
    ["received_at", "desc"],
    ["timestamp", "asc"],
    ["timestamp", "desc"],
  ] as const)("ends, finds all that is left and nothing twice: by %s, %s", async (sort, order) => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using writing = openForWriting(path);
    const appender = createAppender(writing);
    for (let i = 0; i < 200; i += 1) {
      const builder = createRecordBatchBuilder();
      for (let row = 0; row < 5; row += 1) appendTo(builder, randomRecord(random));
      appender.append({ batch: builder.seal(), receipts: [], receivedAtMs: BASE_MS });
    }
    using reading = openForReading(path);
    let text = "";
    let steps = 0;
    for (const chunk of search(reading, { ...EVERYTHING, sort, order }, noDamage)) {
      text += chunk === undefined ? "" : Buffer.from(chunk.bytes).toString();
      steps += 1;
      // Also what was listed already, and is about to be opened.
      if (steps % 3 === 0 && steps < 150) dropBlocks(writing, listBlocks(writing, {}, steps % 2 ? "oldest" : "newest", 2));
    }
    const found = Array.from(text.matchAll(/^\{"id":(\d+)/gm), ([, id]) => Number(id));
    const left = listBlocks(writing).flatMap(({ firstId, rows }) => Array.from({ length: rows }, (_, i) => firstId + i));
    expect(left.length).toBeLessThan(1000);
    expect(new Set(found).size).toBe(found.length);
    expect(left.filter((id) => !found.includes(id))).toEqual([]);
  });
});
