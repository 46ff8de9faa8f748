import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../src/errors.ts";
import type { Scope } from "../../src/schema/token.ts";
import { ANYONE } from "../../src/server/access/identify.ts";
import type { Asked } from "../../src/server/http/asked.ts";
import { createTail } from "../../src/server/read/tail.ts";
import { openForWriting } from "../../src/store/blocks/file/database.ts";
import { createToken, revokeToken } from "../../src/store/blocks/file/tokens.ts";
import type { SearchPlan } from "../../src/store/search-plan.ts";
import { errorOf, numberedLines, openTestApp, PAYMENTS, type TestApp, URL_OF_APP } from "../support/app.ts";
import { eventually } from "../support/binary.ts";
import { serveIdleStore } from "../support/idle-store.ts";
import { openTestStore, type TestStore, upTo } from "../support/store.ts";
import { readTail, type TailReader } from "../support/tail.ts";

async function openTail(app: TestApp, query = "", headers: Record<string, string> = {}): Promise<TailReader> {
  const response = await app.get(`/logs/tail${query}`, headers);
  expect([query, response.status]).toEqual([query, 200]);
  const tail = readTail(response);
  await tail.text(/^retry: \d+\nid: \d+\n\n/);
  return tail;
}

const ids = (records: { id: number }[]) => records.map(({ id }) => id);

/** A tail of a store of its own, with heartbeats as quick as the test wants them; `plans` are the searches it made. */
async function openStoreTail({ store }: TestStore, query: string, heartbeatMs = 60_000) {
  const plans: SearchPlan[] = [];
  const search = (plan: SearchPlan) => {
    plans.push(plan);
    return store.search(plan);
  };
  const failures: unknown[] = [];
  const tail = createTail({ store: { ...store, search }, heartbeatMs, onFailure: (error) => failures.push(error) });
  const answer = (headers: Record<string, string> = {}) => tail(request(query, headers));
  return { open: async () => readTail(await answer()), answer, plans, failures };
}

function request(query: string, headers: Record<string, string> = {}): Asked {
  const path = "/logs/tail";
  const asked = new Request(`${URL_OF_APP}${path}?${query}`, { headers });
  return { request: asked, path, queryString: query, identity: ANYONE, check: () => {} };
}

const record = (message: string) => ({
  ms: 1000,
  nanos: 0,
  digits: 3,
  severity: 2,
  service: "web",
  message,
  attributes: "",
  values: [],
});

describe("GET /logs/tail", () => {
  test("sends what arrives from now on, each as an event with its id and the record as NDJSON has it", async () => {
    await using app = await openTestApp();
    await app.post('{"message":"before"}');
    const tail = await openTail(app);
    expect(tail.response.headers.get("content-type")).toBe("text/event-stream");
    expect(tail.response.headers.get("cache-control")).toBe("no-store");
    await app.post('{"message":"first\\nline \\r \u2028","n":[1, 2]}');
    await app.post('{"message":"second"}');
    const [first, second] = await tail.records(2);
    expect([first, second]).toMatchObject([
      { id: 2, message: "first\nline \r \u2028" },
      { id: 3, message: "second" },
    ]);
    const ndjson = await (await app.get("/logs?order=asc", { accept: "application/x-ndjson" })).text();
    const events = ndjson
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line, index) => `id: ${index + 2}\ndata: ${line}\n\n`);
    expect(await tail.text(/second/)).toBe(`retry: 1000\nid: 1\n\n${events.join("")}`);
    await tail.leave();
  });

  test("goes on after Last-Event-ID, after=, or begins with the newest ones", async () => {
    await using app = await openTestApp();
    await app.post(numberedLines(10, 1));
    await app.post('{"message":"late","severity":"error"}');
    const cases: [string, Record<string, string>, number[]][] = [
      ["?after=8", {}, [9, 10, 11]],
      ["?after=0&min_severity=error", {}, [11]],
      ["?last=2", {}, [10, 11]],
      ["?last=3&severity=info", {}, [8, 9, 10]],
      ["?last=100", {}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
      ["?last=2", { "last-event-id": "8" }, [9, 10, 11]],
      ["?after=2", { "last-event-id": "" }, [3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ];
    for (const [query, headers, expected] of cases) {
      const tail = await openTail(app, query, headers);
      expect([query, ids(await tail.records(expected.length))]).toEqual([query, expected]);
      await tail.leave();
    }
    const none = await openTail(app, "?last=5&q=absent");
    await app.post('{"message":"absent no more"}');
    expect(ids(await none.records(1))).toEqual([12]);
    await none.leave();
  });

  test("finds by every filter of GET /logs, and refuses what cannot be meant", async () => {
    await using app = await openTestApp();
    const filters = ["service=payments", "severity=error", "min_severity=warn", "q=wanted", "timestamp_start=2026-11-24"];
    const tails = await Promise.all(filters.map((filter) => openTail(app, `?${filter}&received_at_start=2020-01-01`)));
    await app.post('{"message":"other","timestamp":"2026-11-23"}');
    const wanted = '{"message":"wanted","severity":"error","timestamp":"2026-11-25"}';
    await app.post(wanted, { authorization: `Token ${PAYMENTS}` });
    for (const tail of tails) expect(ids(await tail.records(1))).toEqual([2]);
    await Promise.all(tails.map((tail) => tail.leave()));
    for (const [query, field] of [
      ["?limit=5", "limit"],
      ["?after=x", "after"],
      ["?after=3", "after"],
      ["?last=-1", "last"],
      ["?last=1&after=1", "last"],
      ["?severity=loud", "severity"],
      ["?order=asc", "order"],
    ]) {
      const response = await app.get(`/logs/tail${query}`);
      expect([query, response.status, await errorOf(response)]).toMatchObject([
        query,
        400,
        { code: "invalid_parameter", field: expect.stringContaining(field as string) },
      ]);
    }
    const other = await app.get("/logs/tail", { "last-event-id": "r5" });
    expect(await errorOf(other)).toMatchObject({ code: "invalid_parameter", field: "Last-Event-ID" });
    expect((await errorOf(app.get("/logs/tail?token=x"))).code).toBe("token_in_url");
    expect((await errorOf(app.get("/logs/tail?q=%22open"))).code).toBe("invalid_query");
  });

  test("shows a token's own service only, and ends once the token is revoked", async () => {
    let nowMs = Date.now();
    await using app = await openTestApp({ now: () => nowMs });
    const demo = await openTail(app);
    const change = <Result>(work: (database: Database) => Result): Result => {
      const database = openForWriting(app.path);
      try {
        return work(database);
      } finally {
        database.close();
      }
    };
    const make = (name: string, service: string, scopes: Scope[]) =>
      change((database) => createToken(database, { name, service, scopes, expiresAt: null }, nowMs));
    const [reader, writer] = [make("reader", "reports", ["read"]), make("writer", "*", ["ingest"])];
    // From now on demo tokens count no more, nor does reading without one.
    nowMs += 1001;
    const confined = await openTail(app, "?after=0", { authorization: `Token ${reader}` });
    expect((await app.get("/logs/tail?service=payments", { authorization: `Token ${reader}` })).status).toBe(403);
    expect((await app.get("/logs/tail", { authorization: `Token ${writer}` })).status).toBe(403);
    expect((await app.get("/logs/tail")).status).toBe(401);
    const write = (service: string) =>
      app.post(JSON.stringify({ message: service, service }), { authorization: `Token ${writer}` });
    await write("payments");
    await write("reports");
    await demo.ended;
    expect((await confined.records(1)).map(({ message }) => message)).toEqual(["reports"]);
    change((database) => revokeToken(database, "reader", nowMs));
    nowMs += 1001;
    await write("reports");
    await confined.ended;
    expect([await demo.records(0), ids(await confined.records(1))]).toEqual([[], [2]]);
    expect(app.failures).toEqual([]);
  });
});

describe("a tail", () => {
  test("that finds nothing says how far it has looked, so that who comes again looks no further back", async () => {
    await using test = await openTestStore();
    const { open, plans } = await openStoreTail(test, "q=absent", 20);
    const tail = await open();
    await test.append([record("one"), record("two")]);
    await tail.text(/: keep-alive\nid: 2\n\n/);
    expect([tail.lastEventId(), plans.every(({ throughId = 0 }) => throughId <= 2)]).toEqual(["2", true]);
    expect(await tail.records(0)).toEqual([]);
    await tail.leave();
  });

  test("shares what it reads with those that look for the same, and reads nothing while nothing arrives", async () => {
    await using test = await openTestStore();
    const { open, plans } = await openStoreTail(test, "");
    const tails = await Promise.all(Array.from({ length: 50 }, () => open()));
    for (const tail of tails) await tail.text(/id: 0/);
    expect(plans).toEqual([]);
    for (let i = 1; i <= 5; i += 1) {
      await test.append([record(`record ${i}`)]);
      for (const tail of tails) expect(ids(await tail.records(i))).toEqual(Array.from({ length: i }, (_, j) => j + 1));
    }
    expect(plans.length).toBeLessThanOrEqual(5);
    await Promise.all(tails.map((tail) => tail.leave()));
  });

  test("that nobody reads asks for nothing, and gives all of it once it is read", async () => {
    await using test = await openTestStore();
    const { answer, plans } = await openStoreTail(test, "after=0");
    const response = await answer();
    const body = (response.body as ReadableStream<Uint8Array>).getReader();
    await body.read();
    body.releaseLock();
    for (let i = 0; i < 10; i += 1) await test.append(Array.from({ length: 500 }, () => record("x".repeat(1000))));
    expect(plans).toEqual([]);
    const tail = readTail(response);
    expect(ids(await tail.records(5000))).toEqual(upTo(5000));
    expect(plans.length).toBeGreaterThan(10);
    await tail.leave();
  });

  test("misses and repeats nothing, however often its reader comes again, and across compaction and restarts", async () => {
    await using test = await openTestStore();
    const seen: number[] = [];
    let lastEventId = "0";
    for (let round = 0; round < 12; round += 1) {
      const { answer } = await openStoreTail(test, "severity=info");
      const reader = readTail(await answer({ "last-event-id": lastEventId }));
      const from = seen.length;
      for (let i = 0; i < 12; i += 1) await test.append([record("found"), { ...record("other"), severity: 4 }]);
      const records = await reader.records(from === 0 ? 5 : 1);
      // What arrived after the last look is for the next reader.
      seen.push(...ids(records));
      lastEventId = String(ids(records).at(-1));
      await reader.leave();
      if (round % 4 === 3) await test.reopen();
    }
    const { answer } = await openStoreTail(test, "severity=info");
    const reader = readTail(await answer({ "last-event-id": lastEventId }));
    const all = 12 * 12;
    seen.push(...ids(await reader.records(all - seen.length)));
    await reader.leave();
    expect(seen).toEqual(Array.from({ length: all }, (_, i) => 2 * i + 1));
    expect(test.failures).toEqual([]);
  });

  test("ends when the store cannot read, which is told to whoever runs the collector", async () => {
    const broken = new LogctlError("store_unavailable", "the store cannot read: disk");
    const failures: unknown[] = [];
    // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
    const search = async function* (): AsyncGenerator<never> {
      throw broken;
    };
    const store = { newestId: () => 5, onArrival: () => () => {}, search };
    const answer = createTail({ store, onFailure: (error) => failures.push(error) });
    const tails = [readTail(await answer(request("after=0"))), readTail(await answer(request("after=0")))];
    await Promise.all(tails.map(({ ended }) => ended));
    expect(failures).toEqual([broken, broken]);
  });

  test("looks through a long past in steps, and says in between how far it got", async () => {
    const asked: SearchPlan[] = [];
    const store = {
      newestId: () => 2_500_000,
      onArrival: () => () => {},
      async *search(plan: SearchPlan) {
        asked.push(plan);
        yield { bytes: new Uint8Array(), rows: 0, last: undefined, done: true };
      },
    };
    const tail = readTail(await createTail({ store, heartbeatMs: 0, onFailure: () => {} })(request("after=0")));
    await tail.text(/id: 1000000\n\n(: keep-alive\nid: 1000000\n\n)*: keep-alive\nid: 2000000\n\n/);
    await tail.leave();
    expect(asked.slice(0, 2)).toMatchObject([
      { after: { id: 0 }, throughId: 1_000_000 },
      { after: { id: 1_000_000 }, throughId: 2_000_000 },
    ]);
  });

  test("that waits long for its turn says in between that it is there, and keeps its turn", async () => {
    const turn = Promise.withResolvers<void>();
    let searches = 0;
    const store = {
      newestId: () => 7,
      onArrival: () => () => {},
      async *search() {
        searches += 1;
        await turn.promise;
        yield { bytes: new TextEncoder().encode('id: 5\ndata: {"id":5}\n\n'), rows: 1, last: undefined, done: true };
      },
    };
    const failures: unknown[] = [];
    const answer = createTail({ store, heartbeatMs: 1, onFailure: (error) => failures.push(error) });
    const tail = readTail(await answer(request("after=3")));
    await tail.text(/(: keep-alive\nid: 3\n\n){3}/);
    turn.resolve();
    expect([ids(await tail.records(1)), searches, failures]).toEqual([[5], 1, []]);
    await tail.text(/: keep-alive\nid: 7\n\n/);
    await tail.leave();
  });

  test("ends at once when its reader leaves, whatever it waits for, and when the collector stops", async () => {
    await using server = serveIdleStore();
    const open = async () => {
      const tail = readTail(await fetch(`${server.url}/logs/tail?after=0`));
      await tail.text(/id: 0\n\n/);
      return tail;
    };
    const idle = [await open(), await open()];
    await eventually(() => (server.counts.listeners === 2 ? true : undefined));
    expect(server.tails.size).toBe(2);
    await idle[0]?.leave();
    await eventually(() => (server.counts.listeners === 1 ? true : undefined));
    server.setNewestId(10);
    const busy = [await open(), await open()];
    await eventually(() => (server.counts.searches === 1 ? true : undefined));
    await Promise.all(busy.map((tail) => tail.leave()));
    await eventually(() => (server.counts.searches === 0 ? true : undefined));
    const last = await open();
    await Promise.all([server.stop(), idle[1]?.ended, last.ended]);
    expect([server.counts, server.tails.size, server.failures]).toEqual([{ listeners: 0, searches: 0 }, 0, []]);
  });
});
