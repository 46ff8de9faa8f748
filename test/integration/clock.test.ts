import { describe, expect, test } from "bun:test";
import { createApp } from "../../src/server/create-app.ts";
import { openForWriting } from "../../src/store/blocks/file/database.ts";
import { createToken, type NewToken } from "../../src/store/blocks/file/tokens.ts";
import { openStore } from "../../src/store/blocks/open-block-store.ts";
import { ingestAnswerOf, numberedLines, openTestApp } from "../support/app.ts";
import { eventually } from "../support/binary.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const DAY_MS = 86_400_000;
const NOON = Date.parse("2026-11-24T12:00:00Z");

/** A collector with a clock that somebody sets to wrong times, and that can be started again. */
async function openWithClock(limits: Partial<NewToken> = {}) {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  let nowMs = NOON;
  let secret = "";
  {
    using database = openForWriting(path);
    secret = createToken(database, { name: "t", service: "web", scopes: ["ingest", "read"], expiresAt: null, ...limits }, nowMs);
  }
  const onFailure = (error: unknown) => {
    throw error;
  };
  const dropped: number[] = [];
  const open = async () => {
    const keep = { retention: { maxAgeMs: 7 * DAY_MS }, onDropped: ({ records }: { records: number }) => dropped.push(records) };
    const store = await openStore({ path, pid: process.pid, now: () => nowMs, onFailure, keep });
    return { store, fetch: createApp({ store, loopback: true, version: "1", now: () => nowMs, onFailure }) };
  };
  let running = await open();
  const headers = (more: Record<string, string>) => ({ authorization: `Token ${secret}`, host: "localhost", ...more });
  return {
    dropped,
    set: (ms: number) => {
      nowMs = ms;
    },
    async restart() {
      await running.store.close();
      running = await open();
    },
    async write(body: string, more: Record<string, string> = {}) {
      const response = await running.fetch(
        new Request("http://localhost/logs", { method: "POST", body, headers: headers(more) }),
      );
      return [response.status, (await response.json()) as { duplicate?: true }] as const;
    },
    async count(): Promise<number> {
      const response = await running.fetch(new Request("http://localhost/logs/stats", { headers: headers({}) }));
      return ((await response.json()) as { count: number }).count;
    },
    async [Symbol.asyncDispose]() {
      await running.store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("a clock that is wrong for a while", () => {
  test.each([
    ["8 days ahead", 8 * DAY_MS],
    ["30 days ahead", 30 * DAY_MS],
    ["a year behind", -365 * DAY_MS],
  ])("%s, with a record meanwhile, drops none, whatever is started again", async (_, offMs) => {
    await using collector = await openWithClock();
    await collector.write(numberedLines(100));
    for (let round = 0; round < 2; round += 1) {
      collector.set(NOON + offMs);
      await collector.write(numberedLines(1));
      await collector.restart();
      await collector.write(numberedLines(1));
      collector.set(NOON);
      await collector.write(numberedLines(1));
      await collector.restart();
    }
    await collector.write(numberedLines(1));
    expect([await collector.count(), collector.dropped]).toEqual([107, []]);
  });

  test.each([
    ["8 days ahead for one write", 0, 8 * DAY_MS],
    ["30 days behind when the key came", -30 * DAY_MS, 0],
    ["30 days ahead when the key came", 30 * DAY_MS, -DAY_MS],
  ])("%s forgets no idempotency key", async (_, atKey, meanwhile) => {
    const key = { "idempotency-key": "k" };
    await using collector = await openWithClock();
    await collector.write(numberedLines(1));
    collector.set(NOON + atKey);
    expect(await collector.write(numberedLines(1), key)).toMatchObject([200, { accepted: 1 }]);
    collector.set(NOON + meanwhile);
    await collector.write(numberedLines(1));
    await collector.restart();
    collector.set(NOON);
    await collector.write(numberedLines(1));
    expect(await collector.write(numberedLines(1), key)).toMatchObject([200, { duplicate: true }]);
    expect((await collector.write(numberedLines(2), key))[0]).toBe(422);
    expect(await collector.count()).toBe(4);
  });

  test("ends no token, and revives none that had expired while the collector was off", async () => {
    await using collector = await openWithClock({ expiresAt: NOON + DAY_MS });
    await collector.write(numberedLines(1));
    collector.set(NOON + 30 * DAY_MS);
    expect((await collector.write(numberedLines(1)))[0]).toBe(200);
    await collector.restart();
    expect((await collector.write(numberedLines(1)))[0]).toBe(401);
    collector.set(NOON);
    expect((await collector.write(numberedLines(1)))[0]).toBe(200);
  });

  test("gives no new day's quota, neither where it jumps ahead nor where it goes back", async () => {
    const body = numberedLines(4);
    await using collector = await openWithClock({ dailyQuotaBytes: 2 * body.length });
    for (let i = 0; i < 2; i += 1) expect((await collector.write(body))[0]).toBe(200);
    for (const offMs of [2 * DAY_MS, 0, -2 * DAY_MS, 0]) {
      collector.set(NOON + offMs);
      expect((await collector.write(body))[0]).toBe(429);
    }
  });
});

test("a retry is answered as the first time, with what was refused, also after a restart and once receipts are merged", async () => {
  await using app = await openTestApp();
  const body = '{"message":"a"}\n{"message":""}\n{"service":"chat","message":"b"}\n{"message":"c"}';
  const key = { "idempotency-key": "partial" };
  const first = await ingestAnswerOf(app.post(body, key));
  expect(first).toMatchObject({ accepted: 2, rejected: 2, errors: [{ index: 1 }, { index: 2 }] });
  expect(await (await app.post(body, key)).json()).toEqual({ ...first, duplicate: true });
  await Promise.all(Array.from({ length: 17_000 }, (_, i) => app.post('{"message":"x"}', { "idempotency-key": `k${i}` })));
  await eventually(async () => {
    const metrics = await (await app.get("/metrics")).text();
    return metrics.includes("logctl_receipts 17001\n") ? true : undefined;
  });
  const again = await app.post(body, key);
  expect([again.status, await again.json()]).toEqual([207, { ...first, duplicate: true }]);
  expect(await (await app.get("/logs/stats")).json()).toEqual({ count: 17_002 });
}, 60_000);
