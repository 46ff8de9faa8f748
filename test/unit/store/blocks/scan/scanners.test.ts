import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../../../../src/errors.ts";
import { NO_FILTER } from "../../../../../src/query/filter.ts";
import type { FromScanner, ToScanner } from "../../../../../src/store/blocks/scan/scan-messages.ts";
import { createScanners, type ScannerThread } from "../../../../../src/store/blocks/scan/scanners.ts";
import type { SearchPlan } from "../../../../../src/store/search-plan.ts";
import type { StatsPlan } from "../../../../../src/store/stats-plan.ts";
import { eventually } from "../../../../support/binary.ts";
import { noDamage } from "../../../../support/no-damage.ts";
import { textQuery } from "../../../../support/text-query.ts";

const PLAN: SearchPlan = { filter: NO_FILTER, sort: "received_at", order: "desc", offset: 0, limit: 10, format: "ndjson" };

type FakeThread = {
  posted: ToScanner[];
  stopped: boolean;
  answer(message: FromScanner): void;
  fail(error: LogctlError): void;
};

/** Scanners whose threads answer when the test says so. */
function openScanners(threads: number) {
  const started: FakeThread[] = [];
  const scanners = createScanners("logs.db", threads, noDamage, (): ScannerThread => {
    const fake: FakeThread = { posted: [], stopped: false, answer: () => {}, fail: () => {} };
    started.push(fake);
    return {
      post: (message) => fake.posted.push(message),
      onMessage: (take) => {
        fake.answer = take;
      },
      onFailure: (take) => {
        fake.fail = take;
      },
      stop: () => {
        fake.stopped = true;
      },
    };
  });
  const thread = (at: number) => started[at] as FakeThread;
  return { scanners, started, thread };
}

const COUNT: StatsPlan = { kind: "stats", filter: NO_FILTER, by: [], format: "json" };

/** A piece of so many records. */
const piece = (rows: number) => ({ bytes: new Uint8Array([65]), rows, last: undefined });
const range = (id: number) => ({ fromId: id, toId: id });
/** Until all that follows from what was answered has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** What a thread was told, ranges by their first id. */
const posted = (fake: FakeThread) =>
  fake.posted.map((message) => (message.type === "tally" ? `tally ${message.range.fromId}` : message.type));

const types = ({ posted }: FakeThread) => posted.map(({ type }) => type);

describe("scanners", () => {
  test("start a thread when there is something to read, and another only while the first is busy", async () => {
    const { scanners, started, thread } = openScanners(2);
    expect(started).toEqual([]);
    const firsts = [1, 2, 3].map(() => scanners.search(PLAN).next());
    expect(started.map(types)).toEqual([
      ["open", "search", "search"],
      ["open", "search"],
    ]);
    for (const [at, id] of [1, 2, 3].entries()) thread(at % 2).answer({ type: "chunk", id, done: true, ...piece(id) });
    expect((await Promise.all(firsts)).map(({ value }) => value?.rows)).toEqual([1, 2, 3]);
    void scanners.search(PLAN).next();
    expect(started.length).toBe(2);
  });

  test("know why they cannot read, until they can; and for good where the file is damaged", async () => {
    const { scanners, thread } = openScanners(1);
    const search = async (answer: (id: number) => FromScanner, id: number) => {
      const next = scanners.search(PLAN).next();
      thread(0).answer(answer(id));
      await next.catch(() => {});
    };
    const busy = (id: number): FromScanner => ({ type: "failed", id, message: "disk I/O error", isDamage: false });
    const damaged = (id: number): FromScanner => ({ type: "failed", id, message: "malformed", isDamage: true });
    const found = (id: number): FromScanner => ({ type: "chunk", id, done: true, ...piece(1) });
    const refused = (id: number): FromScanner => ({ type: "refused", id, code: "usage", message: "no", field: undefined });
    const said: (string | undefined)[] = [];
    for (const [at, answer] of [found, busy, refused, found, damaged, busy, found].entries()) {
      await search(answer, at + 1);
      said.push(scanners.failure()?.message);
    }
    const [io, malformed] = ["the store cannot read: disk I/O error", "the store cannot read: malformed"];
    expect(said).toEqual([undefined, io, io, undefined, malformed, malformed, malformed]);
  });

  test("make each piece when it is asked for, and none any more once the reader has left", async () => {
    const { scanners, thread } = openScanners(1);
    const pieces = scanners.search(PLAN);
    const first = pieces.next();
    expect(types(thread(0))).toEqual(["open", "search"]);
    thread(0).answer({ type: "chunk", id: 1, done: false, ...piece(1) });
    expect((await first).value?.rows).toBe(1);
    expect(types(thread(0))).toEqual(["open", "search"]);
    await pieces.return(undefined);
    expect(types(thread(0))).toEqual(["open", "search", "cancel"]);
  });

  test("end a search at once when its reader leaves while it waits, and know what comes too late for nothing", async () => {
    const { scanners, thread } = openScanners(1);
    const pieces = scanners.search(PLAN);
    const next = pieces.next();
    await pieces.return(undefined);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(types(thread(0))).toEqual(["open", "search", "cancel"]);
    thread(0).answer({ type: "chunk", id: 1, done: true, bytes: new Uint8Array(), rows: 0, last: undefined });
    const other = scanners.search(PLAN).next();
    thread(0).answer({ type: "chunk", id: 2, done: true, ...piece(5) });
    expect((await other).value?.rows).toBe(5);
  });

  test("search in one thread, and by ranges in all where it gives up, also before anything is found", async () => {
    const { scanners, started, thread } = openScanners(2);
    const pieces = scanners.search({ ...PLAN, filter: { ...NO_FILTER, query: textQuery("timeout") } });
    const next = pieces.next();
    await settle();
    expect(started.map(types)).toEqual([["open", "search"]]);
    const last = { id: 70, ms: 0, nanos: 0 };
    thread(0).answer({ type: "chunk", id: 1, done: true, unfinished: true, bytes: new Uint8Array(), rows: 0, last });
    await settle();
    expect(types(thread(0))).toEqual(["open", "search", "list"]);
    thread(0).answer({ type: "listed", id: 2, ranges: [range(10), range(50), range(90)] });
    await settle();
    expect(started.map(types)).toEqual([
      ["open", "search", "list", "search"],
      ["open", "search"],
    ]);
    thread(0).answer({ type: "chunk", id: 3, done: true, ...piece(4) });
    expect((await next).value?.rows).toBe(4);
    await pieces.return(undefined);
  });

  test("tell why something could not be read", async () => {
    const { scanners, thread } = openScanners(1);
    const tally = scanners.tally(COUNT);
    thread(0).answer({ type: "failed", id: 1, message: "disk I/O error" });
    expect(await tally.catch((error: Error) => error)).toMatchObject({
      code: "store_unavailable",
      message: "the store cannot read: disk I/O error",
    });
  });

  test("fail what waits for a thread that stops, and what comes back to it later; the next starts another", async () => {
    const { scanners, started, thread } = openScanners(1);
    const reason = new LogctlError("store_unavailable", "a storage thread has stopped");
    const pieces = scanners.search(PLAN);
    const first = pieces.next();
    thread(0).answer({ type: "chunk", id: 1, done: false, ...piece(1) });
    await first;
    const tally = scanners.tally(COUNT);
    thread(0).fail(reason);
    expect(await tally.catch((error: Error) => error)).toBe(reason);
    expect(await pieces.next().catch((error: Error) => error)).toBe(reason);
    const again = scanners.search(PLAN).next();
    thread(1).answer({ type: "chunk", id: 3, done: true, ...piece(7) });
    expect([(await again).value?.rows, started.length]).toEqual([7, 2]);
  });

  test("close though a thread stops meanwhile, and end what is under way", async () => {
    const { scanners, thread } = openScanners(2);
    const tallies = [scanners.tally(COUNT), scanners.tally(COUNT)].map((tally) => tally.catch((error: Error) => error));
    const closing = scanners.close();
    thread(1).fail(new LogctlError("store_unavailable", "a storage thread has stopped"));
    thread(0).answer({ type: "closed" });
    await closing;
    expect([thread(0).stopped, thread(1).stopped]).toEqual([true, true]);
    expect((await Promise.all(tallies)).map((error) => (error as Error).message)).toEqual([
      "the store is closed",
      "a storage thread has stopped",
    ]);
    expect(await scanners.tally(COUNT).catch((error: Error) => error.message)).toBe("the store is closed");
  });
});

describe("a tally", () => {
  test("is shared by all threads, each of which takes its own ranges, then those of one that is slow, and put together by the first", async () => {
    const { scanners, started, thread } = openScanners(2);
    const tally = scanners.tally(COUNT);
    expect(posted(thread(0))).toEqual(["open", "list"]);
    thread(0).answer({ type: "listed", id: 1, ranges: [range(1), range(2), range(3), range(4)] });
    await settle();
    expect(started.map(posted)).toEqual([
      ["open", "list", "tally 1"],
      ["open", "tally 3"],
    ]);
    for (const next of ["tally 4", "tally 2"]) {
      thread(1).answer({ type: "tallied", id: 1 });
      await settle();
      expect(posted(thread(1)).at(-1)).toBe(next);
    }
    thread(1).answer({ type: "tallied", id: 1 });
    await settle();
    expect(started.map((fake) => posted(fake).at(-1))).toEqual(["tally 1", "tally 2"]);
    thread(0).answer({ type: "tallied", id: 1 });
    await settle();
    expect(posted(thread(1)).at(-1)).toBe("collect");
    thread(1).answer({ type: "collected", id: 1, bytes: new Uint8Array([7]) });
    await settle();
    expect(thread(0).posted.at(-1)).toEqual({ type: "conclude", id: 1, plan: COUNT, others: [new Uint8Array([7])] });
    thread(0).answer({ type: "concluded", id: 1, bytes: new Uint8Array([9]) });
    expect(await tally).toEqual(new Uint8Array([9]));
    expect(started.flatMap(types)).not.toContain("cancel");
  });

  test("of few records stays in one thread", async () => {
    const { scanners, started, thread } = openScanners(2);
    const tally = scanners.tally(COUNT);
    thread(0).answer({ type: "listed", id: 1, ranges: [range(1)] });
    await settle();
    thread(0).answer({ type: "tallied", id: 1 });
    await settle();
    thread(0).answer({ type: "concluded", id: 1, bytes: new Uint8Array([1]) });
    expect([await tally, started.length]).toEqual([new Uint8Array([1]), 1]);
  });

  test("ends in all threads once whoever asked has left, and asks nothing of them afterwards", async () => {
    const { scanners, started, thread } = openScanners(2);
    const leaving = new AbortController();
    const tally = scanners.tally(COUNT, leaving.signal).catch((error: Error) => error);
    thread(0).answer({ type: "listed", id: 1, ranges: [range(1), range(2), range(3)] });
    await settle();
    // What one thread has done is on its way when the reader leaves.
    thread(1).answer({ type: "tallied", id: 1 });
    leaving.abort();
    expect(await tally).toMatchObject({ code: "interrupted" });
    await settle();
    expect(started.map(posted)).toEqual([
      ["open", "list", "tally 1", "cancel"],
      ["open", "tally 3", "tally 2", "cancel"],
    ]);
    thread(0).answer({ type: "tallied", id: 1 });
    await settle();
    expect(posted(thread(0)).at(-1)).toBe("cancel");
    expect(await scanners.tally(COUNT, leaving.signal).catch((error: Error) => error)).toMatchObject({ code: "interrupted" });
    expect(started.flatMap(types).filter((type) => type === "list")).toHaveLength(1);
  });

  test("ends in all threads when one of them refuses, with what it says", async () => {
    const { scanners, started, thread } = openScanners(2);
    const tally = scanners.tally(COUNT).catch((error: Error) => error);
    thread(0).answer({ type: "listed", id: 1, ranges: [range(1), range(2), range(3)] });
    await settle();
    thread(1).answer({ type: "refused", id: 1, code: "too_many_groups", message: "too many", field: "by" });
    expect(await tally).toMatchObject({ code: "too_many_groups", message: "too many", field: "by" });
    expect(started.map((fake) => posted(fake).at(-1))).toEqual(["cancel", "cancel"]);
  });

  test("goes on with the threads there are when another is busy with searches", async () => {
    const { scanners, started, thread } = openScanners(2);
    void scanners.search(PLAN).next();
    void scanners.search(PLAN).next();
    const tally = scanners.tally(COUNT);
    thread(0).answer({ type: "listed", id: 3, ranges: [range(1), range(2)] });
    await settle();
    expect(started.map((fake) => posted(fake).at(-1))).toEqual(["tally 1", "tally 2"]);
    for (const at of [0, 1]) thread(at).answer({ type: "tallied", id: 3 });
    await settle();
    thread(1).answer({ type: "collected", id: 3, bytes: new Uint8Array() });
    await settle();
    thread(0).answer({ type: "concluded", id: 3, bytes: new Uint8Array([1]) });
    expect(await tally).toEqual(new Uint8Array([1]));
  });

  test("by groups waits while four others are under way, and a plain count does not", async () => {
    const { scanners, thread } = openScanners(1);
    const groups: StatsPlan = { ...COUNT, by: [{ kind: "severity", name: "severity" }] };
    const leaving = new AbortController();
    const tallies = [1, 1, 2, 3, 4].map((reader) =>
      scanners.tally({ ...groups, reader }, leaving.signal).catch((error: Error) => error),
    );
    await settle();
    expect(types(thread(0))).toEqual(["open", "list", "list", "list", "list"]);
    void scanners.tally(COUNT);
    expect(types(thread(0))).toHaveLength(6);
    thread(0).answer({ type: "refused", id: 2, code: "too_many_groups", message: "too many", field: "by" });
    await settle();
    expect(types(thread(0)).slice(6)).toEqual(["cancel", "list"]);
    leaving.abort();
    expect((await Promise.all(tallies)).map((error) => (error as LogctlError).code)).toEqual([
      ...["interrupted", "too_many_groups", "interrupted", "interrupted", "interrupted"],
    ] as LogctlError["code"][]);
  });

  /** Has a thread look as though it had been at work for a second. */
  function holdUp(fake: FakeThread): void {
    const [open] = fake.posted;
    if (open?.type === "open") new Float64Array(open.turn)[0] = Date.now() - 1000;
  }

  test("give nothing to threads that do not come back, but to spare ones, of which there are few", async () => {
    const { scanners, started, thread } = openScanners(2);
    for (let at = 0; at < 8; at += 1) {
      void scanners.search(PLAN).next();
      holdUp(thread(at));
    }
    expect(started.map(types)).toEqual(Array.from({ length: 8 }, () => ["open", "search"]));
    // All are held up: it waits for the one with the least to do.
    void scanners.search(PLAN).next();
    expect(started).toHaveLength(8);
  });

  test("give searches that wait for a thread that does not come back to another", async () => {
    const { scanners, thread } = openScanners(1);
    const asked = [1, 2].map(() => scanners.search(PLAN).next());
    expect(types(thread(0))).toEqual(["open", "search", "search"]);
    // With something else, since before they were asked.
    holdUp(thread(0));
    await eventually(() => (types(thread(0)).length === 5 ? true : undefined));
    expect(types(thread(0)).slice(3)).toEqual(["cancel", "cancel"]);
    expect(types(thread(1))).toEqual(["open", "search", "search"]);
    for (const message of thread(1).posted) {
      if (message.type === "search") thread(1).answer({ type: "chunk", id: message.id, done: true, ...piece(7) });
    }
    expect((await Promise.all(asked)).map(({ value }) => value?.rows)).toEqual([7, 7]);
  });

  test("end a thread that works on for nobody, and start another in its place", async () => {
    const { scanners, started, thread } = openScanners(1);
    const pieces = scanners.search(PLAN);
    void pieces.next();
    holdUp(thread(0));
    await pieces.return(undefined);
    await eventually(() => (thread(0).stopped ? true : undefined));
    expect(started.map(types)).toEqual([["open", "search", "cancel"], ["open"]]);
  });
});
