import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../../src/errors.ts";
import { NO_FILTER } from "../../../src/schema/filter.ts";
import { createScanners, type ScannerThread } from "../../../src/store/scanners.ts";
import type { SearchPlan } from "../../../src/store/search-plan.ts";
import type { FromScanner, ToScanner } from "../../../src/store/worker-messages.ts";

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
  const scanners = createScanners("logs.db", threads, (): ScannerThread => {
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

const types = ({ posted }: FakeThread) => posted.map(({ type }) => type);

describe("scanners", () => {
  test("start a thread when there is something to read, and another only while the first is busy", async () => {
    const { scanners, started, thread } = openScanners(2);
    expect(started).toEqual([]);
    const counts = [scanners.count(NO_FILTER), scanners.count(NO_FILTER), scanners.count(NO_FILTER)];
    expect(started.map(types)).toEqual([
      ["open", "count", "count"],
      ["open", "count"],
    ]);
    thread(1).answer({ type: "counted", id: 2, count: 20 });
    thread(0).answer({ type: "counted", id: 3, count: 30 });
    thread(0).answer({ type: "counted", id: 1, count: 10 });
    expect(await Promise.all(counts)).toEqual([10, 20, 30]);
    void scanners.count(NO_FILTER);
    expect(started.length).toBe(2);
  });

  test("make each piece when it is asked for, and none any more once the reader has left", async () => {
    const { scanners, thread } = openScanners(1);
    const piece = { bytes: new Uint8Array([65]), rows: 1, last: undefined };
    const pieces = scanners.search(PLAN);
    const first = pieces.next();
    expect(types(thread(0))).toEqual(["open", "search"]);
    thread(0).answer({ type: "chunk", id: 1, done: false, ...piece });
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
    const count = scanners.count(NO_FILTER);
    thread(0).answer({ type: "counted", id: 2, count: 5 });
    expect(await count).toBe(5);
  });

  test("tell why something could not be read", async () => {
    const { scanners, thread } = openScanners(1);
    const count = scanners.count(NO_FILTER);
    thread(0).answer({ type: "failed", id: 1, message: "disk I/O error" });
    expect(await count.catch((error: Error) => error)).toMatchObject({
      code: "store_unavailable",
      message: "the store cannot read: disk I/O error",
    });
  });

  test("fail what waits for a thread that stops, and what comes back to it later; the next starts another", async () => {
    const { scanners, started, thread } = openScanners(1);
    const reason = new LogctlError("store_unavailable", "a storage thread has stopped");
    const pieces = scanners.search(PLAN);
    const first = pieces.next();
    thread(0).answer({ type: "chunk", id: 1, done: false, bytes: new Uint8Array([65]), rows: 1, last: undefined });
    await first;
    const count = scanners.count(NO_FILTER);
    thread(0).fail(reason);
    expect(await count.catch((error: Error) => error)).toBe(reason);
    expect(await pieces.next().catch((error: Error) => error)).toBe(reason);
    const again = scanners.count(NO_FILTER);
    thread(1).answer({ type: "counted", id: 3, count: 7 });
    expect([await again, started.length]).toEqual([7, 2]);
  });

  test("close though a thread stops meanwhile, and end what is under way", async () => {
    const { scanners, thread } = openScanners(2);
    const counts = [scanners.count(NO_FILTER), scanners.count(NO_FILTER)].map((count) => count.catch((error: Error) => error));
    const closing = scanners.close();
    thread(1).fail(new LogctlError("store_unavailable", "a storage thread has stopped"));
    thread(0).answer({ type: "closed" });
    await closing;
    expect([thread(0).stopped, thread(1).stopped]).toEqual([true, true]);
    expect((await Promise.all(counts)).map((error) => (error as Error).message)).toEqual([
      "the store is closed",
      "a storage thread has stopped",
    ]);
    expect(await scanners.count(NO_FILTER).catch((error: Error) => error.message)).toBe("the store is closed");
  });
});
