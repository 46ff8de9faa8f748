import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../../../../src/errors.ts";
import { type DigestedReceipt, digestReceipt } from "../../../../../src/store/blocks/receipt/receipts.ts";
import type { AppendRequest } from "../../../../../src/store/blocks/write/append.ts";
import { createGroupCommit } from "../../../../../src/store/blocks/write/group-commit.ts";
import type { Receipt } from "../../../../../src/store/receipt.ts";
import type { RecordBatchBuilder } from "../../../../../src/store/record-batch.ts";

/** A writer whose commits end when the test says so. */
function createFakeWriter() {
  const requests: (Omit<AppendRequest, "batch"> & { rows: number; messages: string; attributes: string })[] = [];
  const pending: { resolve: (id: number) => void; reject: (error: Error) => void }[] = [];
  let encoding: Promise<void> | undefined;
  const runs: { messages: string[]; receipts?: DigestedReceipt[]; receivedAtMs: number; forgotten: number }[] = [];
  return {
    requests,
    runs,
    openRun(receivedAtMs: number) {
      const run: (typeof runs)[number] = { messages: [], receivedAtMs, forgotten: 0 };
      runs.push(run);
      return {
        async encode({ messages }: AppendRequest["batch"]) {
          run.messages.push(new TextDecoder().decode(messages));
          await encoding;
        },
        commit(receipts: DigestedReceipt[]): Promise<number> {
          run.receipts = receipts;
          return new Promise((resolve, reject) => pending.push({ resolve, reject }));
        },
        forget() {
          run.messages = [];
          run.forgotten += 1;
        },
      };
    },
    append({ batch: { rows, messages, attributes }, ...request }: AppendRequest): Promise<number> {
      const text = new TextDecoder();
      requests.push({ ...request, rows, messages: text.decode(messages), attributes: text.decode(attributes) });
      return new Promise((resolve, reject) => pending.push({ resolve, reject }));
    },
    /** Has parts wait until `promise` resolves. */
    hang(promise: Promise<void>) {
      encoding = promise;
    },
    succeed: () => pending.shift()?.resolve(1),
    fail: (error: Error) => pending.shift()?.reject(error),
  };
}

function openGroupCommit(now = () => 5000, elapsed?: () => number) {
  const writer = createFakeWriter();
  const commits: number[] = [];
  const group = createGroupCommit(writer, now, (rows) => commits.push(rows), elapsed);
  return { writer, commits, group, messages: () => writer.requests.map(({ messages }) => messages) };
}

const fillWith =
  (message: string, receipt?: Receipt) =>
  (batch: RecordBatchBuilder): { message: string; receipt?: Receipt } => {
    batch.append(1, 0, 0, 2, "web", message, "");
    return { message, ...(receipt && { receipt }) };
  };

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  // Long enough a chain of turns for anything that was going to happen.
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
  return settled;
}

describe("group commit", () => {
  test("resolves with what the filling answered, and only once the records are on disk", async () => {
    const { writer, commits, group } = openGroupCommit();
    const appended = group.append(fillWith("a"));
    expect(writer.requests).toMatchObject([{ rows: 1, messages: "a", receipts: [], receivedAtMs: 5000 }]);
    expect(await isSettled(appended)).toBe(false);
    expect(commits).toEqual([]);
    writer.succeed();
    expect(await appended).toEqual({ message: "a" });
    expect(commits).toEqual([1]);
    expect(group.failure()).toBeUndefined();
  });

  test("commits what arrives during a commit together, in the order of arrival, in the next one", async () => {
    const { writer, commits, group, messages } = openGroupCommit();
    const first = group.append(fillWith("a"));
    const later = ["b", "c", "d"].map((message) => group.append(fillWith(message)));
    expect(messages()).toEqual(["a"]);
    writer.succeed();
    await first;
    expect(await isSettled(Promise.all(later))).toBe(false);
    expect(messages()).toEqual(["a", "bcd"]);
    writer.succeed();
    expect(await Promise.all(later)).toEqual([{ message: "b" }, { message: "c" }, { message: "d" }]);
    expect(commits).toEqual([1, 3]);
    const last = group.append(fillWith("e"));
    writer.succeed();
    await last;
    expect(messages()).toEqual(["a", "bcd", "e"]);
  });

  test("stamps each commit with the time at which it starts", async () => {
    let time = 100;
    const { writer, group } = openGroupCommit(() => time);
    const first = group.append(fillWith("a"));
    time = 200;
    const second = group.append(fillWith("b"));
    time = 300;
    writer.succeed();
    await first;
    writer.succeed();
    await second;
    expect(writer.requests.map(({ receivedAtMs }) => receivedAtMs)).toEqual([100, 300]);
  });

  test("commits each receipt with the records that it is for", async () => {
    const { writer, group } = openGroupCommit();
    const receipt = (key: string): Receipt => ({ scope: 1, key, bodyHash: "0123456789abcdef", accepted: 1, isPartial: false });
    const appends = [
      group.append(fillWith("a", receipt("ka"))),
      group.append(fillWith("b", receipt("kb"))),
      group.append(fillWith("c")),
      group.append(fillWith("d", receipt("kd"))),
    ];
    writer.succeed();
    await appends[0];
    writer.succeed();
    await Promise.all(appends);
    expect(writer.requests.map(({ receipts }) => receipts)).toEqual([
      [digestReceipt(receipt("ka"))],
      [digestReceipt(receipt("kb")), digestReceipt(receipt("kd"))],
    ]);
  });

  test("a failed commit rejects all of its group, no one else, and failure() tells until a commit succeeds", async () => {
    const { writer, commits, group, messages } = openGroupCommit();
    const error = new LogctlError("store_unavailable", "disk full");
    const first = group.append(fillWith("a"));
    const second = group.append(fillWith("b"));
    const third = group.append(fillWith("c"));
    writer.succeed();
    await first;
    const fourth = group.append(fillWith("d"));
    writer.fail(error);
    expect((await Promise.allSettled([second, third])).map((settled) => settled.status === "rejected" && settled.reason)).toEqual(
      [error, error],
    );
    expect(group.failure()).toBe(error);
    expect(commits).toEqual([1]);
    writer.succeed();
    expect(await fourth).toEqual({ message: "d" });
    expect(group.failure()).toBeUndefined();
    expect(messages()).toEqual(["a", "bc", "d"]);
    expect(commits).toEqual([1, 1]);
  });

  test("goes on after a failure with nothing else under way", async () => {
    const { writer, group } = openGroupCommit();
    const failed = group.append(fillWith("a"));
    writer.fail(new LogctlError("store_unavailable", "disk full"));
    await expect(failed).rejects.toThrow("disk full");
    const next = group.append(fillWith("b"));
    expect(group.failure()?.message).toBe("disk full");
    writer.succeed();
    await next;
    expect(group.failure()).toBeUndefined();
  });

  test("a filling that throws leaves nothing behind, and the others alone", async () => {
    const { writer, group, messages } = openGroupCommit();
    const first = group.append(fillWith("a"));
    const second = group.append(fillWith("b"));
    const broken = group.append((batch) => {
      batch.append(1, 0, 0, 2, "bad", "half", '{"x":1}');
      batch.append(1, 0, 0, 2, "bad", "done", "");
      throw new LogctlError("invalid_json", "broken off");
    });
    await expect(broken).rejects.toMatchObject({ code: "invalid_json" });
    const third = group.append(fillWith("c"));
    writer.succeed();
    await first;
    writer.succeed();
    await Promise.all([second, third]);
    expect(messages()).toEqual(["a", "bc"]);
    expect(writer.requests[1]).toMatchObject({ rows: 2, attributes: "" });
    expect(group.failure()).toBeUndefined();
  });

  test("a filling that throws with nothing under way starts no commit", async () => {
    const { writer, group } = openGroupCommit();
    const broken = group.append((batch) => {
      batch.append(1, 0, 0, 2, "bad", "half", "");
      throw new Error("broken off");
    });
    await expect(broken).rejects.toThrow("broken off");
    expect(writer.requests).toEqual([]);
    const next = group.append(fillWith("a"));
    writer.succeed();
    await next;
    expect(writer.requests).toMatchObject([{ rows: 1, messages: "a" }]);
  });

  test("a filling that adds no records resolves at once, without a commit", async () => {
    const { writer, commits, group } = openGroupCommit();
    const receipt = { scope: 1, key: "k", bodyHash: "0123456789abcdef", accepted: 1, isPartial: false };
    expect(await group.append((): { rejected: number; receipt?: Receipt } => ({ rejected: 3, receipt }))).toEqual({
      rejected: 3,
      receipt,
    });
    expect([writer.requests, commits]).toEqual([[], []]);
    const busy = group.append(fillWith("a"));
    expect(await group.append((): { rejected: number; receipt?: Receipt } => ({ rejected: 1 }))).toEqual({ rejected: 1 });
    writer.succeed();
    await busy;
    expect(writer.requests).toHaveLength(1);
    expect(writer.requests[0]?.receipts).toEqual([]);
  });

  test("refuses more once too much waits, says when to come back, and takes it again later", async () => {
    const { writer, group } = openGroupCommit();
    const quarter = "x".repeat(17 * 1024 * 1024);
    const accepted = [group.append(fillWith(quarter))];
    for (let i = 0; i < 3; i += 1) accepted.push(group.append(fillWith(quarter)));
    let filled = false;
    const refused = group.append((batch) => {
      filled = true;
      return fillWith("too much")(batch);
    });
    await expect(refused).rejects.toMatchObject({ code: "overloaded", retryAfterS: 1 });
    expect(filled).toBe(false);
    writer.succeed();
    await accepted[0];
    const taken = group.append(fillWith("later"));
    writer.succeed();
    await accepted[1];
    writer.succeed();
    await Promise.all(accepted);
    writer.succeed();
    expect(await taken).toEqual({ message: "later" });
    expect(writer.requests.map(({ rows }) => rows)).toEqual([1, 1, 2, 1]);
    expect(group.failure()).toBeUndefined();
  });

  test("begins the next commit behind the one under way once there is enough for it, and no third", async () => {
    const { writer, commits, group } = openGroupCommit();
    const much = "x".repeat(300 * 1024);
    const appends = ["a", much, much].map((message) => group.append(fillWith(message)));
    expect(writer.requests.map(({ rows }) => rows)).toEqual([1, 2]);
    appends.push(...[much, much, "b"].map((message) => group.append(fillWith(message))));
    expect(writer.requests).toHaveLength(2);
    expect(group.queue()).toMatchObject({ records: 6 });
    writer.succeed();
    await appends[0];
    expect(writer.requests.map(({ rows }) => rows)).toEqual([1, 2, 3]);
    expect([await isSettled(appends[1] as Promise<unknown>), commits]).toEqual([false, [1]]);
    const flushed = group.flush();
    writer.succeed();
    await Promise.all(appends.slice(0, 3));
    expect([await isSettled(flushed), commits]).toEqual([false, [1, 2]]);
    writer.succeed();
    await flushed;
    await Promise.all(appends);
    expect([commits, group.queue()]).toEqual([[1, 2, 3], { records: 0, bytes: 0 }]);
  });

  test("a commit that fails is no failure of the one behind it, which hangs only by its own time", async () => {
    let elapsedMs = 0;
    const { writer, group } = openGroupCommit(undefined, () => elapsedMs);
    const appends = ["a", "x".repeat(600 * 1024)].map((message) => group.append(fillWith(message)));
    elapsedMs = 9000;
    writer.fail(new LogctlError("store_unavailable", "disk full"));
    await expect(appends[0]).rejects.toThrow("disk full");
    expect(group.failure()?.message).toBe("disk full");
    group.restored();
    elapsedMs = 18_000;
    expect(group.failure()).toBeUndefined();
    elapsedMs = 19_000;
    expect(group.failure()?.message).toContain("ten seconds");
    writer.succeed();
    await appends[1];
    expect(group.failure()).toBeUndefined();
    expect(group.seconds.sum).toBeCloseTo(10);
  });

  test("takes what is large while nothing waits", async () => {
    const { writer, group } = openGroupCommit();
    const appended = group.append(fillWith("x".repeat(66 * 1024 * 1024)));
    await expect(group.append(fillWith("too much"))).rejects.toMatchObject({ code: "overloaded" });
    writer.succeed();
    await appended;
    expect(writer.requests).toHaveLength(1);
  });

  test("says how much waits, how long commits took, and that a disk hangs which has not answered for ten seconds", async () => {
    let elapsedMs = 0;
    const { writer, group } = openGroupCommit(undefined, () => elapsedMs);
    expect(group.queue()).toEqual({ records: 0, bytes: 0 });
    const appends = [group.append(fillWith("abc")), group.append(fillWith("de"))];
    expect(group.queue().records).toBe(2);
    expect(group.queue().bytes).toBeGreaterThan(5);
    elapsedMs = 9999;
    expect(group.failure()).toBeUndefined();
    elapsedMs = 10_000;
    expect(group.failure()).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("ten seconds") });
    writer.succeed();
    await appends[0];
    expect(group.failure()).toBeUndefined();
    elapsedMs = 10_004;
    writer.succeed();
    await appends[1];
    expect(group.queue()).toEqual({ records: 0, bytes: 0 });
    expect(group.seconds.sum).toBeCloseTo(10.004);
    expect(group.seconds.counts.map((count, at) => (count > 0 ? group.seconds.bounds[at] : undefined)).filter(Boolean)).toEqual([
      0.005, 10,
    ]);
  });

  test("forgets a failure once it is told that what was in the way is over", async () => {
    const { writer, group } = openGroupCommit();
    const failed = group.append(fillWith("a"));
    writer.fail(new LogctlError("disk_full", "the disk is full"));
    await expect(failed).rejects.toThrow("the disk is full");
    expect(group.failure()?.code).toBe("disk_full");
    group.restored();
    expect(group.failure()).toBeUndefined();
  });

  test("flush resolves once nothing waits any more", async () => {
    const { writer, group } = openGroupCommit();
    await group.flush();
    const appends = [group.append(fillWith("a")), group.append(fillWith("b"))];
    const flushed = group.flush();
    writer.succeed();
    await appends[0];
    expect(await isSettled(flushed)).toBe(false);
    writer.succeed();
    await flushed;
    expect(await isSettled(Promise.all(appends))).toBe(true);
  });

  test("goes on after a writer that throws at once, and after a batch that cannot be sealed", async () => {
    let broken = true;
    const writer = {
      append(): Promise<number> {
        if (broken) throw new RangeError("out of memory");
        return Promise.resolve(1);
      },
      openRun() {
        throw new Error("nothing is appended in steps");
      },
    };
    const group = createGroupCommit(
      writer,
      () => 5000,
      () => {},
    );
    const both = await Promise.allSettled([group.append(fillWith("a")), group.append(fillWith("b"))]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(group.failure()?.message).toBe("out of memory");
    broken = false;
    expect(await group.append(fillWith("c"))).toEqual({ message: "c" });
    expect(group.failure()).toBeUndefined();
  });

  test("counts records as well as their text: very many very small ones are refused too", async () => {
    const { writer, group } = openGroupCommit();
    const first = group.append(fillWith("first"));
    const many = group.append((batch) => {
      for (let i = 0; i < 1_100_000; i += 1) batch.append(1, 0, 0, 2, "web", "m", "");
      return {};
    });
    expect(await group.append(fillWith("late")).catch((error: LogctlError) => error.code)).toBe("overloaded");
    writer.succeed();
    await first;
    writer.succeed();
    await many;
  });
});

describe("an append in steps", () => {
  const RECEIPT: Receipt = { scope: 1, key: "k", bodyHash: "0123456789abcdef", accepted: 1, isPartial: false };
  const append = (batch: RecordBatchBuilder, message: string) => batch.append(1, 0, 0, 2, "web", message, "");

  test("hands over what it gathered in parts, and resolves once they are committed together", async () => {
    const { writer, commits, group } = openGroupCommit();
    const large = "x".repeat(2 * 1024 * 1024);
    const appended = group.appendInSteps(
      100,
      function* (batch) {
        append(batch, "a");
        yield;
        append(batch, large);
        yield;
        append(batch, "b");
        return { receipt: RECEIPT };
      },
      () => undefined,
    );
    expect(await isSettled(appended)).toBe(false);
    expect(writer.runs).toEqual([
      { messages: [`a${large}`, "b"], receipts: [digestReceipt(RECEIPT)], receivedAtMs: 5000, forgotten: 0 },
    ]);
    expect([writer.requests, commits]).toEqual([[], []]);
    writer.succeed();
    expect(await appended).toEqual({ receipt: RECEIPT });
    expect(commits).toEqual([3]);
    expect(writer.runs[0]?.forgotten).toBe(1);
  });

  test("lets other appends be committed in each of its pauses, and may take back all it appended", async () => {
    const { writer, group, messages } = openGroupCommit();
    const pauses: (() => void)[] = [];
    const appended = group.appendInSteps(
      100,
      function* (batch, takeBack) {
        append(batch, "x".repeat(2 * 1024 * 1024));
        yield;
        takeBack();
        append(batch, "c");
        return {};
      },
      () => new Promise((resolve) => pauses.push(resolve)),
    );
    const other = group.append(fillWith("other"));
    writer.succeed();
    await other;
    expect(messages()).toEqual(["other"]);
    expect(pauses).toHaveLength(1);
    pauses[0]?.();
    expect(await isSettled(appended)).toBe(false);
    expect(writer.runs).toMatchObject([{ messages: ["c"], receipts: [] }]);
    writer.succeed();
    await appended;
  });

  test("stores nothing of what ends in a pause, and leaves nothing of it to the next", async () => {
    const { writer, commits, group } = openGroupCommit();
    const left = group.appendInSteps(
      100,
      function* (batch) {
        append(batch, "a");
        yield;
        return {};
      },
      () => Promise.reject(new Error("the client left")),
    );
    await expect(left).rejects.toThrow("the client left");
    const next = group.appendInSteps(
      100,
      function* (batch) {
        append(batch, "b");
        yield;
        return {};
      },
      () => undefined,
    );
    expect(await isSettled(next)).toBe(false);
    expect(writer.runs.map(({ receipts }) => receipts)).toEqual([undefined, []]);
    expect(writer.runs[1]?.messages).toEqual(["b"]);
    writer.succeed();
    await next;
    expect(commits).toEqual([1]);
  });

  test("of which nothing is left needs no commit", async () => {
    const { writer, group } = openGroupCommit();
    const nothing = group.appendInSteps(
      100,
      function* () {
        yield;
        return {};
      },
      () => undefined,
    );
    expect(await nothing).toEqual({});
    expect(writer.runs[0]?.receipts).toBeUndefined();
  });

  test("is refused where too much of others waits for the writer, and keeps no small ones out meanwhile", async () => {
    const { writer, group } = openGroupCommit();
    const { promise, resolve } = Promise.withResolvers<void>();
    writer.hang(promise);
    const large = (bytes: number) =>
      group.appendInSteps(
        bytes,
        function* (batch) {
          append(batch, "large");
          yield;
          return {};
        },
        () => undefined,
      );
    const waiting = [large(40 * 1024 * 1024), large(23 * 1024 * 1024)];
    // This one begins before the others wait, the next one behind them.
    expect(await large(2 * 1024 * 1024).catch((error: LogctlError) => error.code)).toBe("overloaded");
    const third = large(1024 * 1024);
    expect(await isSettled(third)).toBe(false);
    const small = group.append(fillWith("small"));
    writer.succeed();
    expect(await small).toEqual({ message: "small" });
    resolve();
    expect(await isSettled(Promise.all([...waiting, third]))).toBe(false);
    for (let commits = 0; commits < 3; commits += 1) writer.succeed();
    await Promise.all([...waiting, third]);
    const next = large(1);
    expect(await isSettled(next)).toBe(false);
    writer.succeed();
    await next;
  });
});
