import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../src/query/filter.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import { appendTo, BASE_MS, type NewRecord, randomRecord } from "../../support/random-records.ts";
import { answerOf, appendAll, EVERYTHING, idsOf, openTestStore, type TestStore, upTo } from "../../support/store.ts";
import { textQuery } from "../../support/text-query.ts";

const SCANNED = 150_000;

/** Records as one service writes them, one after another. */
function numbered(count: number, first: number): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    ms: BASE_MS + first + i,
    nanos: 0,
    severity: 2,
    service: "web",
    message: `request ${first + i} was answered with status ${200 + (i % 5)} after ${i % 90} ms`,
    attributes: `{"path":"/item/${i % 1000}","user_id":${i % 77}}`,
    values: [],
  }));
}

async function fillForScan(store: TestStore): Promise<void> {
  for (let first = 0; first < SCANNED; first += 15_000) await appendAll(store.store, numbered(15_000, first));
}

describe("large appends at the same time", () => {
  test("are stored as they were sent, each once and all of one together", async () => {
    await using store = await openTestStore();
    const random = createRandom(43);
    // What packs badly takes the longest to write, so that the next append is handed over meanwhile.
    const noise = Array.from({ length: 30_000 }, () => String.fromCharCode(random.between(35, 90))).join("");
    const [writers, appends, records] = [4, 8, 60];
    const messageOf = (n: number) => `${n}:${noise.slice(n % 10_000, 20_000 + (n % 10_000))}`;
    const write = async (writer: number) => {
      for (let append = writer; append < writers * appends; append += writers) {
        const own = numbered(records, append * records);
        await appendAll(
          store.store,
          own.map((record, i) => ({ ...record, message: messageOf(append * records + i) })),
        );
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    const { text } = await answerOf(store.store);
    const found = text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { message: string }).message);
    expect(found).toHaveLength(writers * appends * records);
    const numbers = found.map((message) => Number.parseInt(message, 10));
    expect(found.filter((message, at) => message !== messageOf(numbers[at] as number))).toEqual([]);
    expect(new Set(numbers).size).toBe(found.length);
    expect(numbers.filter((n, at) => at % records > 0 && n !== (numbers[at - 1] as number) + 1)).toEqual([]);
    expect(store.failures).toEqual([]);
  }, 30_000);
});

describe("while a long scan is under way", () => {
  test("appends go on, none waits for long, and the scan ends", async () => {
    await using store = await openTestStore();
    await fillForScan(store);
    const plan = { ...EVERYTHING, filter: { ...NO_FILTER, query: textQuery("was answered") } };
    let scanning = true;
    const scan = answerOf(store.store, plan).finally(() => {
      scanning = false;
    });
    let acknowledged = 0;
    let slowestMs = 0;
    while (scanning) {
      const startedAt = performance.now();
      await appendAll(store.store, numbered(10, SCANNED));
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      if (scanning) acknowledged += 1;
    }
    expect((await scan).rows).toBeGreaterThanOrEqual(SCANNED);
    expect(acknowledged).toBeGreaterThan(0);
    expect(slowestMs).toBeLessThan(1000);
    expect(store.failures).toEqual([]);
  }, 30_000);

  test("a reader that takes its time holds up neither appends nor other readers", async () => {
    await using store = await openTestStore();
    await fillForScan(store);
    // As many as there are threads, and more.
    const slow = Array.from({ length: 8 }, () => store.store.search({ ...EVERYTHING, sort: "timestamp" }));
    for (const search of slow) expect((await search.next()).done).toBe(false);
    const startedAt = performance.now();
    await appendAll(store.store, numbered(10, SCANNED));
    expect(await idsOf(store.store, { order: "desc", limit: 1 })).toEqual([SCANNED + 10]);
    expect(await store.store.count(NO_FILTER)).toBe(SCANNED + 10);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    for (const search of slow) {
      expect((await search.next()).done).toBe(false);
      await search.return(undefined);
    }
  }, 30_000);

  test("searches that are left while they look for what is not there stop, and do not pile up", async () => {
    await using store = await openTestStore();
    await fillForScan(store);
    // Both words are everywhere, one never after the other: every text is read.
    const filter = { ...NO_FILTER, query: textQuery("answered status") };
    const timed = async () => {
      const startedAt = performance.now();
      expect(await store.store.count(filter)).toBe(0);
      return performance.now() - startedAt;
    };
    await timed();
    const aloneMs = await timed();
    for (let i = 0; i < 60; i += 1) {
      const search = store.store.search({ ...EVERYTHING, filter });
      const first = search.next();
      await search.return(undefined);
      expect((await first).done).toBe(true);
    }
    expect(await timed()).toBeLessThan(aloneMs * 5 + 200);
  }, 30_000);

  test("counts that are left stop, and do not pile up", async () => {
    await using store = await openTestStore();
    await fillForScan(store);
    const filter = { ...NO_FILTER, query: textQuery("answered status") };
    const timed = async () => {
      const startedAt = performance.now();
      expect(await store.store.count(filter)).toBe(0);
      return performance.now() - startedAt;
    };
    await timed();
    const aloneMs = await timed();
    const leaving = new AbortController();
    const counts = Array.from({ length: 60 }, () => store.store.count(filter, leaving.signal).catch((error: Error) => error));
    // By then they have begun, and most are far from their end.
    await Promise.race(counts);
    leaving.abort();
    const results = await Promise.all(counts);
    const left = results.filter((result) => result !== 0);
    expect(left.length).toBeGreaterThan(0);
    for (const error of left) expect(error).toMatchObject({ code: "interrupted" });
    expect(await timed()).toBeLessThan(aloneMs * 5 + 200);
  }, 30_000);

  test("searches and counts in great numbers at once are all answered, each with its own", async () => {
    await using store = await openTestStore();
    for (let first = 0; first < 9000; first += 300) await appendAll(store.store, numbered(300, first));
    const answers = await Promise.all(
      upTo(60).map((n) =>
        n % 2 === 0
          ? idsOf(store.store, {
              filter: { ...NO_FILTER, query: textQuery(`request ${n * 100}`) },
              sort: n % 4 === 0 ? "timestamp" : "received_at",
            })
          : store.store.count({ ...NO_FILTER, query: textQuery(`request ${n * 100}`) }),
      ),
    );
    expect(answers).toEqual(upTo(60).map((n) => (n % 2 === 0 ? [n * 100 + 1] : 1)));
  });
});

describe("appends of fifty callers at once", () => {
  test("are all found, each whole and in its order, with ids that leave no gap", async () => {
    await using store = await openTestStore();
    const random = createRandom(31);
    const sizes = upTo(50);
    await Promise.all(
      sizes.map((size) =>
        appendAll(
          store.store,
          upTo(size).map((n) => ({ ...randomRecord(random), message: `caller ${size} record ${n}` })),
        ),
      ),
    );
    const found = (await answerOf(store.store)).text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(found.map(({ id }) => id)).toEqual(upTo((50 * 51) / 2));
    for (const size of sizes) {
      const own = found.filter(({ message }) => message.startsWith(`caller ${size} `));
      expect(own.map(({ message }) => message)).toEqual(upTo(size).map((n) => `caller ${size} record ${n}`));
      expect(own.at(-1).id - own[0].id).toBe(size - 1);
    }
  });

  test("and one among them whose records are bad takes back only its own", async () => {
    await using store = await openTestStore();
    const random = createRandom(32);
    const results = await Promise.allSettled(
      upTo(50).map((n) =>
        store.store.append((batch) => {
          appendTo(batch, { ...randomRecord(random), service: `service ${n}`, message: `caller ${n}` });
          if (n % 10 === 0) throw new Error("bad");
          return {};
        }),
      ),
    );
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(5);
    const found = (await answerOf(store.store)).text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const good = upTo(50).filter((n) => n % 10 !== 0);
    expect(found.map(({ service, message }) => [service, message])).toEqual(good.map((n) => [`service ${n}`, `caller ${n}`]));
    for (const n of upTo(50)) {
      expect(await store.store.count({ ...NO_FILTER, services: [`service ${n}`] })).toBe(n % 10 === 0 ? 0 : 1);
    }
  });
});
