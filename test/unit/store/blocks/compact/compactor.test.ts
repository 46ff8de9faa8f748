import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../../../../src/errors.ts";
import type { ReplaceRequest } from "../../../../../src/store/blocks/block/block.ts";
import { type CompactorThread, startCompactor } from "../../../../../src/store/blocks/compact/compactor.ts";
import type { FromCompactor, ToCompactor } from "../../../../../src/store/blocks/compact/compactor-messages.ts";
import type { DamagedBlock } from "../../../../../src/store/damage.ts";
import { eventually } from "../../../../support/binary.ts";
import { encodedBlockOf, numbered } from "../../../../support/rows.ts";

const REPLACEMENT = { replaced: [{ id: 1, firstId: 1 }], block: encodedBlockOf(numbered(2)) };
const MERGED: FromCompactor = { type: "compacted", small: 3, ...REPLACEMENT };

/** A compactor whose thread answers when the test says so. */
function openCompactor(replace: (request: ReplaceRequest) => Promise<boolean> = () => Promise.resolve(true)) {
  const posted: ToCompactor["type"][] = [];
  const thorough: boolean[] = [];
  const replaced: ReplaceRequest[] = [];
  const failures: Error[] = [];
  const damaged: DamagedBlock[] = [];
  let stopped = false;
  let answer: (message: FromCompactor) => void = () => {};
  let fail: (error: LogctlError) => void = () => {};
  let started = 0;
  const thread: CompactorThread = {
    post(message) {
      posted.push(message.type);
      if (message.type === "compact") thorough.push(message.thorough);
    },
    onMessage: (take) => {
      answer = take;
    },
    onFailure: (take) => {
      fail = take;
    },
    stop: () => {
      stopped = true;
    },
  };
  const compactor = startCompactor(
    "logs.db",
    (request) => {
      replaced.push(request);
      return replace(request);
    },
    (error) => failures.push(error),
    (block) => damaged.push(block),
    Number.POSITIVE_INFINITY,
    () => {
      started += 1;
      return thread;
    },
  );
  return {
    compactor,
    posted,
    thorough,
    replaced,
    failures,
    damaged,
    looks: () => posted.filter((type) => type === "compact").length,
    answer: (message: FromCompactor) => answer(message),
    fail: (error: LogctlError) => fail(error),
    isStopped: () => stopped,
    started: () => started,
  };
}

describe("the compactor", () => {
  test("looks at the start, then after so many commits or rows, and never while it is at work", () => {
    const { compactor, posted, looks, answer } = openCompactor();
    expect(posted).toEqual(["open", "compact"]);
    for (let i = 0; i < 100; i += 1) compactor.committed(1000);
    expect(looks()).toBe(1);
    answer({ type: "idle" });
    compactor.committed(1);
    expect(looks()).toBe(2);
    answer({ type: "idle" });
    for (let i = 0; i < 31; i += 1) compactor.committed(1);
    expect(looks()).toBe(2);
    compactor.committed(1);
    expect(looks()).toBe(3);
    answer({ type: "idle" });
    compactor.committed(65_535);
    expect(looks()).toBe(3);
    compactor.committed(1);
    expect(looks()).toBe(4);
  });

  test("has each merge put in place, rests, and looks again until there is nothing to do", async () => {
    const { looks, replaced, answer, failures } = openCompactor();
    answer(MERGED);
    expect(replaced).toEqual([REPLACEMENT]);
    await eventually(() => looks() === 2 || undefined);
    answer({ ...MERGED, small: 1000 });
    await eventually(() => looks() === 3 || undefined);
    answer({ type: "idle" });
    expect([replaced.length, failures]).toEqual([2, []]);
  });

  test("looks thoroughly once nothing has come in for a second, and again after what comes then", async () => {
    const { compactor, thorough, answer } = openCompactor();
    expect(thorough).toEqual([false]);
    answer({ type: "idle" });
    for (let i = 0; i < 6; i += 1) {
      await Bun.sleep(300);
      compactor.committed(1);
    }
    expect(thorough).toEqual([false]);
    await eventually(() => thorough.length === 2 || undefined);
    answer(MERGED);
    await eventually(() => thorough.length === 3 || undefined);
    answer({ type: "idle" });
    await Bun.sleep(1200);
    expect(thorough).toEqual([false, true, true]);
    compactor.committed(70_000);
    // Quiet again before it is done: what it did not do is done then.
    await Bun.sleep(1200);
    answer({ type: "idle" });
    expect(thorough).toEqual([false, true, true, false, true]);
  }, 15_000);

  test("rests no more once nothing comes in, however long the last merge took", async () => {
    const { compactor, looks, answer, thorough } = openCompactor();
    await Bun.sleep(700);
    compactor.committed(1);
    const since = performance.now();
    // Three times the 700 ms that this one took would be two seconds.
    answer(MERGED);
    await eventually(() => looks() === 2 || undefined);
    expect(performance.now() - since).toBeWithin(900, 1500);
    // Neither the end of that rest nor another second without anything interrupts the next merge.
    compactor.committed(1);
    await Bun.sleep(2400);
    expect(thorough).toEqual([false, true]);
  }, 10_000);

  test("tells of a merge that failed, or could not be put in place, and tries again later", async () => {
    const { compactor, looks, failures, answer } = openCompactor(() => Promise.reject(new Error("disk full")));
    answer(MERGED);
    await eventually(() => failures.length === 1 || undefined);
    expect(failures[0]?.message).toBe("disk full");
    expect(looks()).toBe(1);
    compactor.committed(70_000);
    expect(looks()).toBe(2);
    answer({ type: "failed", message: "no such table" });
    expect(failures[1]?.message).toBe("compaction failed: no such table");
    compactor.committed(70_000);
    expect(looks()).toBe(3);
  });

  test("closes once its thread has, also amid a merge or a rest, and looks no more", async () => {
    const { compactor, posted, looks, answer, isStopped } = openCompactor();
    let closed = false;
    const closing = compactor.close().then(() => {
      closed = true;
    });
    answer(MERGED);
    await Promise.resolve();
    compactor.committed(70_000);
    expect([posted.at(-1), looks(), closed, isStopped()]).toEqual(["close", 1, false, false]);
    answer({ type: "closed" });
    await closing;
    expect([looks(), isStopped()]).toEqual([1, true]);
  });

  test("whose thread has stopped says so once, and starts another a second later, which looks at once", async () => {
    const { compactor, looks, failures, fail, answer, posted, started, replaced } = openCompactor();
    const reason = new LogctlError("store_unavailable", "a storage thread has stopped");
    answer({ type: "idle" });
    fail(reason);
    compactor.committed(70_000);
    expect([looks(), failures, started()]).toEqual([1, [reason], 1]);
    await eventually(() => started() === 2 || undefined);
    expect(posted.slice(2)).toEqual(["open", "compact"]);
    answer(MERGED);
    await eventually(() => looks() === 3 || undefined);
    expect([replaced.length, compactor.merges()]).toEqual([1, 1]);
  });

  test("whose thread has stopped closes at once, and starts no other", async () => {
    const { compactor, fail, started } = openCompactor();
    fail(new LogctlError("store_unavailable", "a storage thread has stopped"));
    await compactor.close();
    await Bun.sleep(1100);
    expect(started()).toBe(1);
  });

  test("whose thread stops while it closes is closed", async () => {
    const { compactor, fail } = openCompactor();
    const closing = compactor.close();
    fail(new LogctlError("store_unavailable", "a storage thread has stopped"));
    await closing;
  });
});
