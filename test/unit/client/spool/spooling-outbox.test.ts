import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openConnection } from "../../../../src/client/connection.ts";
import { openDelivery } from "../../../../src/client/delivery.ts";
import { listSpoolFolders } from "../../../../src/client/spool/spool-folders.ts";
import type { SpoolPolicy } from "../../../../src/client/spool/spool-policy.ts";
import { type Keeps, openSpoolingOutbox } from "../../../../src/client/spool/spooling-outbox.ts";
import { answerErrorWith, createFakeCollector, type Script } from "../../../support/fake-collector.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../support/temporary-folder.ts";

type SetUpOptions = {
  folder: TemporaryFolder;
  collector?: ReturnType<typeof createFakeCollector>;
  script?: Script;
  keeps?: Keeps;
  policy?: Partial<SpoolPolicy>;
  now?: () => number;
  onWait?: () => unknown;
  away?: { isTold: boolean };
};

/** An outbox to a collector in memory; the wait between two attempts is a turn of the event loop. */
function setUp({
  folder,
  script,
  collector = createFakeCollector(script),
  keeps = "all",
  policy,
  now = Date.now,
  onWait,
  away = { isTold: false },
}: SetUpOptions) {
  const stop = new AbortController();
  const notices: string[] = [];
  const answered: number[] = [];
  let clock = 0;
  const tick = () => now() + clock;
  const delivery = openDelivery({
    ...{ signal: new AbortController().signal, now: tick, random: () => 1 },
    sleep(ms) {
      clock += ms;
      onWait?.();
      return Bun.sleep(1);
    },
  });
  const connection = openConnection({
    ...{ baseUrl: "http://logs.test", token: "secret", fetch: collector.fetch },
    signal: stop.signal,
  });
  const outbox = openSpoolingOutbox({
    ...{ connection, delivery, keeps, signal: stop.signal, now: tick },
    policy: { base: folder.path, pid: process.pid, maxBytes: 10_000_000, maxAgeMs: undefined, onFull: "fail", ...policy },
    onSpooledPart: ({ answer }, isOwn) => answered.push(isOwn ? answer.accepted : -answer.accepted),
    notice: (sentence) => notices.push(sentence),
    away,
    sleep: () => Bun.sleep(1),
  });
  const take = (...messages: string[]) =>
    outbox.take(
      messages.map((message) => JSON.stringify({ message })),
      () => {},
    );
  return { ...outbox, take, stop, notices, answered, collector };
}

const messagesOf = ({ stored }: ReturnType<typeof createFakeCollector>) => stored.map(({ message }) => message);

/** Nobody is there until it is let in. */
function createAbsentCollector() {
  let isThere = false;
  const refuse = () => Promise.reject(Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" }));
  return { comeBack: () => (isThere = true), ...createFakeCollector(() => (isThere ? undefined : refuse())) };
}

function deadIn(folder: TemporaryFolder): Record<string, unknown>[] {
  return listSpoolFolders(folder.path).flatMap(({ folder: spool }) => {
    const dead = join(spool, "dead");
    const files = readdirSync(dead).map((name) => readFileSync(join(dead, name), "utf8"));
    return files.flatMap((text) => text.trimEnd().split("\n")).map((line) => JSON.parse(line));
  });
}

describe("an outbox", () => {
  test("touches no disk while the collector answers", async () => {
    await using folder = await makeTemporaryFolder();
    const { take, finish, collector } = setUp({ folder });
    expect([await take("a"), await take("b")]).toEqual(["answered", "answered"]);
    expect(await finish()).toMatchObject({ waiting: 0, failure: undefined });
    expect(messagesOf(collector)).toEqual(["a", "b"]);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("takes on while the collector is away, says so once, and delivers in order when it is back", async () => {
    await using folder = await makeTemporaryFolder();
    const collector = createAbsentCollector();
    const { take, finish, notices, answered } = setUp({ folder, collector });
    for (const name of ["a", "b", "c", "d"]) expect(await take(name)).toBe("kept");
    expect(notices).toEqual([expect.stringMatching(/^what comes waits in \S+: no collector answers at http:\/\/logs\.test: /)]);
    collector.comeBack();
    expect(await finish()).toMatchObject({ waiting: 0, failure: undefined });
    expect(messagesOf(collector)).toEqual(["a", "b", "c", "d"]);
    expect(answered.reduce((sum, count) => sum + count)).toBe(4);
  });

  test("leaves it to another one of the same collector to say so, until what waited is delivered", async () => {
    await using folder = await makeTemporaryFolder();
    const collector = createAbsentCollector();
    const away = { isTold: false };
    const [first, second] = [setUp({ folder, collector, away }), setUp({ folder, collector, away })];
    for (const { take } of [first, second]) expect(await take("a")).toBe("kept");
    expect([first.notices.length, second.notices.length]).toEqual([1, 0]);
    collector.comeBack();
    for (const { finish } of [first, second]) expect(await finish()).toMatchObject({ waiting: 0 });
    expect(away.isTold).toBe(false);
    expect(collector.stored.length).toBe(2);
  });

  test("goes straight to the collector again once nothing waits", async () => {
    await using folder = await makeTemporaryFolder();
    const { take, finish, collector } = setUp({
      folder,
      script: (_, count) => (count === 1 ? answerErrorWith(503, "overloaded", "busy") : undefined),
    });
    expect(await take("a")).toBe("kept");
    while (collector.stored.length === 0) await Bun.sleep(1);
    await Bun.sleep(1);
    expect(await take("b")).toBe("answered");
    await finish();
    expect(messagesOf(collector)).toEqual(["a", "b"]);
  });

  test("leaves what waits to the next process, which delivers it first, each batch under its key", async () => {
    await using folder = await makeTemporaryFolder();
    const keys: (string | null)[] = [];
    const collector = createFakeCollector(({ key, records }, count) => {
      if (count === 1) collector.store({ key, records } as never);
      if (count < 4) keys.push(key);
      return count < 3 ? answerErrorWith(504, "internal", "gateway timeout") : undefined;
    });
    const first = setUp({ folder, collector });
    await first.take("a");
    await first.take("b");
    first.stop.abort();
    expect(await first.finish()).toMatchObject({ waiting: 2 });
    const second = setUp({ folder, collector });
    expect(await second.take("c")).toBe("kept");
    await second.finish();
    expect(messagesOf(collector)).toEqual(["a", "b", "c"]);
    expect(new Set(keys).size).toBe(1);
    expect(second.answered.filter((count) => count < 0)).not.toEqual([]);
  });

  test("once stopped puts what it is given on disk at once, also the batch under way", async () => {
    await using folder = await makeTemporaryFolder();
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const collector = createFakeCollector(() => held);
    const { take, finish, stop } = setUp({ folder, collector });
    const taking = take("a");
    const startedAt = performance.now();
    stop.abort();
    expect(await taking).toBe("kept");
    // Long before it would have been for taking its time.
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(await take("b")).toBe("kept");
    release(undefined);
    expect(await finish()).toMatchObject({ waiting: 0 });
    expect(messagesOf(collector)).toEqual(["a", "b"]);
  });

  test("keeps what is refused among the dead with the reason, and goes on", async () => {
    await using folder = await makeTemporaryFolder();
    const script: Script = ({ records }) => {
      const [{ message }] = records as [{ message: string }];
      return message === "bad" ? answerErrorWith(415, "unsupported_encoding", "no") : undefined;
    };
    const { take, finish, collector } = setUp({ folder, script });
    expect([await take("a", "", "b"), await take("bad", "worse"), await take("c")]).toEqual(["answered", "answered", "answered"]);
    await finish();
    expect(messagesOf(collector)).toEqual(["a", "b", "c"]);
    expect(deadIn(folder)).toMatchObject([
      { code: "missing_message", message: "message is missing or blank", record: { message: "" } },
      { code: "unsupported_encoding", message: "no", record: { message: "bad" } },
      { code: "unsupported_encoding", record: { message: "worse" } },
    ]);
  });

  test.each([400, 404, 413, 422, 501])("never sends again what a %d refuses, also from the spool", async (status) => {
    await using folder = await makeTemporaryFolder();
    const script: Script = ({ records }, count) => {
      if (count === 1) return answerErrorWith(503, "overloaded", "busy");
      return records[0]?.["message"] === "bad" ? answerErrorWith(status, "internal", "no") : undefined;
    };
    const { take, finish, collector } = setUp({ folder, script });
    await take("bad");
    await take("b");
    expect(await finish()).toMatchObject({ waiting: 0, failure: undefined });
    expect(collector.requests.filter(({ records }) => records[0]?.["message"] === "bad")).toHaveLength(2);
    expect(messagesOf(collector)).toEqual(["b"]);
    expect(deadIn(folder)).toMatchObject([{ code: "internal", record: { message: "bad" } }]);
  });

  test.each([401, 403])("keeps everything where a %d lets it in no more, and says why", async (status) => {
    await using folder = await makeTemporaryFolder();
    const script: Script = (_, count) => (count === 2 ? answerErrorWith(status, "unauthorized", "revoked") : undefined);
    const { take, keep, finish, collector } = setUp({ folder, script });
    expect(await take("a")).toBe("answered");
    expect(await take("b")).toBe("end");
    expect(keep(['{"message":"c"}'])).toBe(true);
    expect(await finish()).toMatchObject({ waiting: 2, failure: expect.objectContaining({ code: "unauthorized" }) });
    const next = setUp({ folder, collector });
    expect(await next.finish()).toMatchObject({ waiting: 0 });
    expect(messagesOf(collector)).toEqual(["a", "b", "c"]);
  });

  test("waits as long as the collector asks, also once no more comes, but not once stopped", async () => {
    await using folder = await makeTemporaryFolder();
    const script: Script = () => answerErrorWith(503, "overloaded", "busy", { "retry-after": "7" });
    let waits = 0;
    const ended = setUp({ folder, script, onWait: () => waits++ });
    await ended.take("a");
    expect(await ended.finish()).toMatchObject({ waiting: 1 });
    // 7 s and a quarter each, until 30 s are over.
    expect([waits, ended.collector.requests.length]).toEqual([5, 6]);
    const stopped = setUp({ folder, script });
    await stopped.take("b");
    stopped.stop.abort();
    expect(await stopped.finish()).toMatchObject({ waiting: 2 });
    expect(stopped.collector.requests.length).toBeLessThanOrEqual(1);
  });

  test("keeps nothing for a collector that was never there where nothing is lost with it", async () => {
    await using folder = await makeTemporaryFolder();
    const { take, finish } = setUp({ folder, collector: createAbsentCollector(), keeps: "after_contact" });
    await expect(take("a")).rejects.toMatchObject({ code: "unreachable" });
    expect(await finish()).toMatchObject({ waiting: 0 });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("does not send again what may be stored and is no longer known, nor lose it", async () => {
    await using folder = await makeTemporaryFolder();
    const start = Date.parse("2026-11-24T10:00:00Z");
    const collector = createFakeCollector((received, count) => {
      if (count === 1) collector.store(received);
      return count === 1 ? answerErrorWith(504, "internal", "gateway timeout") : undefined;
    });
    const first = setUp({ folder, collector, now: () => start });
    first.stop.abort();
    await first.take("a");
    expect(await first.finish()).toMatchObject({ waiting: 1 });
    const later = setUp({ folder, collector, now: () => start + 7 * 86_400_000 });
    await later.take("b");
    expect(await later.finish()).toMatchObject({ waiting: 0 });
    expect(messagesOf(collector)).toEqual(["a", "b"]);
    expect(deadIn(folder)).toMatchObject([{ code: "maybe_stored", record: { message: "a" } }]);
  });

  test("delivers what nobody can have received however old it is", async () => {
    await using folder = await makeTemporaryFolder();
    const collector = createAbsentCollector();
    const first = setUp({ folder, collector, now: () => 1 });
    await first.take("a");
    first.stop.abort();
    expect(await first.finish()).toMatchObject({ waiting: 1 });
    collector.comeBack();
    await setUp({ folder, collector, now: () => 1 + 90 * 86_400_000 }).finish();
    expect(messagesOf(collector)).toEqual(["a"]);
  });

  test("gives up what waits for longer than it may", async () => {
    await using folder = await makeTemporaryFolder();
    const collector = createAbsentCollector();
    const first = setUp({ folder, collector, now: () => 1 });
    await first.take("a", "b");
    first.stop.abort();
    await first.finish();
    collector.comeBack();
    const later = setUp({ folder, collector, now: () => 2_000_000, policy: { maxAgeMs: 1_000_000 } });
    await later.take("c");
    expect(await later.finish()).toMatchObject({ waiting: 0, tooOld: 2 });
    expect(messagesOf(collector)).toEqual(["c"]);
  });
});

describe("a full spool", () => {
  const large = (name: string) => `${name} ${"x".repeat(50_000)}`;
  const names = ["a", "b", "c", "d", "e", "f"];
  const firstLetters = (collector: ReturnType<typeof createFakeCollector>) =>
    collector.stored.map(({ message }) => String(message)[0]).join("");

  test("takes no more with fail, and still has what it was given", async () => {
    await using folder = await makeTemporaryFolder();
    const collector = createAbsentCollector();
    const { take, finish, keep } = setUp({ folder, collector, policy: { maxBytes: 120_000 } });
    expect([await take(large("a")), await take(large("b")), await take(large("c"))]).toEqual(["kept", "kept", "end"]);
    expect(keep(['{"message":"d"}'])).toBe(true);
    collector.comeBack();
    expect(await finish()).toMatchObject({ waiting: 0, failure: expect.objectContaining({ code: "spool_full" }) });
    expect(firstLetters(collector)).toBe("abcd");
  });

  test("waits for room with block", async () => {
    await using folder = await makeTemporaryFolder();
    const collector = createAbsentCollector();
    const { take, finish } = setUp({ folder, collector, policy: { maxBytes: 120_000, onFull: "block" } });
    let taken = 0;
    const taking = (async () => {
      for (const name of names) {
        await take(large(name));
        taken += 1;
      }
    })();
    await Bun.sleep(50);
    expect(taken).toBe(2);
    collector.comeBack();
    await taking;
    expect(await finish()).toMatchObject({ waiting: 0, dropped: 0 });
    expect(firstLetters(collector)).toBe("abcdef");
  });

  test("gives up the oldest with drop-oldest, but for the batch under way, and counts it", async () => {
    await using folder = await makeTemporaryFolder();
    const collector = createAbsentCollector();
    const { take, finish } = setUp({ folder, collector, policy: { maxBytes: 220_000, onFull: "drop-oldest" } });
    for (const name of names) expect(await take(large(name))).toBe("kept");
    collector.comeBack();
    expect(await finish()).toMatchObject({ waiting: 0, dropped: 2, failure: undefined });
    expect(firstLetters(collector)).toBe("adef");
  });

  test("keeps refused records up to its size, and counts the others", async () => {
    await using folder = await makeTemporaryFolder();
    const script: Script = () => answerErrorWith(415, "unsupported_encoding", "no");
    const { take, finish } = setUp({ folder, script, policy: { maxBytes: 120_000 } });
    for (const name of names) expect(await take(large(name))).toBe("answered");
    expect(await finish()).toMatchObject({ notKept: 4 });
    expect(deadIn(folder)).toHaveLength(2);
  });
});
