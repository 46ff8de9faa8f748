import { describe, expect, test } from "bun:test";
import { createLineQueue } from "../../../src/client/line-queue.ts";

/** A clock that is moved by hand: `ring` ends every wait that is under way. */
function createBell() {
  let waits: { ms: number; signal: AbortSignal; end: () => void }[] = [];
  return {
    sleep: (ms: number, signal: AbortSignal) => new Promise<void>((end) => waits.push({ ms, signal, end })),
    waits: () => waits.filter(({ signal }) => !signal.aborted).map(({ ms }) => ms),
    async ring() {
      for (const { end } of waits) end();
      waits = [];
      await Promise.resolve();
    },
  };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe("createLineQueue", () => {
  test("gives batches that are full by number, in order, and the rest when no more come", async () => {
    const queue = createLineQueue({ maxRecords: 2, sleep: createBell().sleep });
    for (const number of [1, 2, 3, 4, 5]) queue.push(`r${number}`, number * 10);
    queue.close();
    expect(await queue.next()).toEqual({ records: ["r1", "r2"], lineNumbers: [10, 20] });
    expect(await queue.next()).toEqual({ records: ["r3", "r4"], lineNumbers: [30, 40] });
    expect(queue.waiting()).toBe(1);
    expect(await queue.next()).toEqual({ records: ["r5"], lineNumbers: [50] });
    expect(await queue.next()).toBeUndefined();
    expect(queue.waiting()).toBe(0);
  });

  test("gives batches that are full by size; a record larger than that goes alone", async () => {
    const queue = createLineQueue({ maxCharacters: 10, sleep: createBell().sleep });
    for (const [index, record] of ["aaaa", "bbbb", "cccc", "x".repeat(30), "d"].entries()) queue.push(record, index);
    queue.close();
    const batches: string[][] = [];
    for (let batch = await queue.next(); batch !== undefined; batch = await queue.next()) batches.push(batch.records);
    expect(batches).toEqual([["aaaa", "bbbb"], ["cccc"], ["x".repeat(30)], ["d"]]);
  });

  test("holds a lone record back for 100 ms, for others to come along", async () => {
    const bell = createBell();
    const queue = createLineQueue({ sleep: bell.sleep });
    const next = queue.next();
    queue.push("a", 1);
    queue.push("b", 2);
    expect(bell.waits()).toEqual([100]);
    expect(await isPending(next)).toBe(true);
    await bell.ring();
    expect(await next).toEqual({ records: ["a", "b"], lineNumbers: [1, 2] });
  });

  test("does not take the bell of a batch that is gone for that of the next", async () => {
    const bell = createBell();
    const queue = createLineQueue({ maxRecords: 2, sleep: bell.sleep });
    queue.push("a", 1);
    queue.push("b", 2);
    await queue.next();
    await bell.ring();
    queue.push("c", 3);
    expect(await isPending(queue.next())).toBe(true);
    expect(bell.waits()).toHaveLength(1);
  });

  test("what is left of a full batch waits for company anew", async () => {
    const bell = createBell();
    const queue = createLineQueue({ maxRecords: 2, sleep: bell.sleep });
    for (const number of [1, 2, 3]) queue.push("r", number);
    expect((await queue.next())?.records).toHaveLength(2);
    const next = queue.next();
    expect(await isPending(next)).toBe(true);
    await bell.ring();
    expect((await next)?.lineNumbers).toEqual([3]);
  });

  test("has room for four batches, by number and by size, and says when there is room again", async () => {
    const byNumber = createLineQueue({ maxRecords: 2, sleep: createBell().sleep });
    for (let number = 1; number <= 8; number += 1) {
      expect(byNumber.hasRoom()).toBe(true);
      byNumber.push("r", number);
    }
    expect(byNumber.hasRoom()).toBe(false);
    const room = byNumber.room();
    expect(await isPending(room)).toBe(true);
    await byNumber.next();
    await room;
    expect(byNumber.hasRoom()).toBe(true);

    const bySize = createLineQueue({ maxCharacters: 10, sleep: createBell().sleep });
    bySize.push("x".repeat(39), 1);
    expect(bySize.hasRoom()).toBe(true);
    bySize.push("x", 2);
    expect(bySize.hasRoom()).toBe(false);
  });

  test("lets nobody wait once it is closed, neither for room nor for a batch nor for a bell", async () => {
    const bell = createBell();
    const queue = createLineQueue({ maxRecords: 1, sleep: bell.sleep });
    for (let number = 1; number <= 4; number += 1) queue.push("r", number);
    const room = queue.room();
    queue.close();
    await room;
    for (let number = 1; number <= 4; number += 1) await queue.next();
    const last = queue.next();
    expect(await last).toBeUndefined();
    queue.push("late", 5);
    expect(bell.waits()).toEqual([]);
  });
});
