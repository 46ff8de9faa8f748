import { describe, expect, test } from "bun:test";
import { createSlots } from "../../../../../src/store/blocks/scan/semaphore.ts";

/** Until all that follows from what was done has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("slots", () => {
  test("are given in order, so many at a time, and given back once", async () => {
    // Half of them are for others.
    const slots = createSlots(4, 20);
    const held: (() => void)[] = [];
    const order: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      void slots.take(1, undefined).then((release) => {
        order.push(n);
        held.push(release);
      });
    }
    await settle();
    expect(order).toEqual([1, 2]);
    held[0]?.();
    held[0]?.();
    await settle();
    expect(order).toEqual([1, 2, 3]);
    held[1]?.();
    await settle();
    expect(order).toEqual([1, 2, 3, 4]);
    for (const release of held) release();
    expect(await Promise.all([slots.take(1, undefined), slots.take(1, undefined)])).toHaveLength(2);
  });

  test("are not given to who has left, and none is lost by it", async () => {
    const slots = createSlots(1, 10);
    const release = await slots.take(1, undefined);
    const leaving = new AbortController();
    const left = slots.take(1, leaving.signal).catch((error: Error) => error);
    const next = slots.take(1, undefined);
    leaving.abort();
    expect(await left).toMatchObject({ code: "interrupted" });
    expect(await slots.take(1, leaving.signal).catch((error: Error) => error)).toMatchObject({ code: "interrupted" });
    release();
    (await next)();
    // Served and left in the same moment: it has the slot, and gives it back.
    const third = await slots.take(1, undefined);
    const late = new AbortController();
    const served = slots.take(1, late.signal);
    third();
    late.abort();
    (await served)();
    expect(await slots.take(1, undefined)).toBeFunction();
  });

  test("are had by a holder who comes, however many another holds or waits for", async () => {
    const slots = createSlots(4, 8);
    const answers = Array.from({ length: 9 }, () => slots.take(1, undefined).catch((error: { code: string }) => error.code));
    await settle();
    expect([slots.taken(), slots.waiting()]).toEqual([2, 4]);
    expect(await Promise.all(answers.slice(6))).toEqual(["overloaded", "overloaded", "overloaded"]);
    const [another, third, fourth] = [slots.takeFree(2), slots.takeFree(3), slots.takeFree(4)];
    expect([another, third, fourth]).toEqual([expect.any(Function), expect.any(Function), undefined]);
    // There are places left to wait in for as long.
    const waits = [slots.take(4, undefined), slots.take(5, undefined)];
    await settle();
    expect([slots.taken(), slots.waiting()]).toEqual([4, 6]);
    another?.();
    (await waits[0])?.();
    (await waits[1])?.();
    expect([slots.taken(), slots.waiting()]).toEqual([3, 4]);
  });

  test("are given to who holds least, and then in order", async () => {
    const slots = createSlots(3, 20);
    const order: string[] = [];
    const held: (() => void)[] = [];
    const ask = (holder: number, name: string) =>
      void slots.take(holder, undefined).then((release) => {
        order.push(name);
        held.push(release);
      });
    for (const name of ["a1", "a2", "a3", "a4"]) ask(1, name);
    ask(2, "b1");
    ask(2, "b2");
    ask(3, "c1");
    await settle();
    expect(order).toEqual(["a1", "a2", "b1"]);
    held[0]?.();
    await settle();
    expect(order.slice(3)).toEqual(["c1"]);
    held[1]?.();
    await settle();
    expect(order.slice(4)).toEqual(["a3"]);
  });

  test("are given by turns to holders who hold as much as each other, whoever came first with however many", async () => {
    const slots = createSlots(4, 256);
    for (const holder of [1, 1, 2]) await slots.take(holder, undefined);
    const order: number[] = [];
    const ask = (holder: number) =>
      slots.take(holder, undefined).then(async (release) => {
        order.push(holder);
        await settle();
        release();
      });
    const asked = Array.from({ length: 20 }, () => ask(3));
    for (const holder of [4, 4, 5]) asked.push(ask(holder));
    await Promise.all(asked);
    expect(order.slice(0, 8)).toEqual([3, 3, 4, 5, 3, 4, 3, 3]);
    expect([order.length, slots.taken(), slots.waiting()]).toEqual([23, 3, 0]);
  });

  test("are given by turns also where one of them leaves the line", async () => {
    const slots = createSlots(1, 256);
    const release = await slots.take(1, undefined);
    const order: string[] = [];
    const ask = (holder: number, name: string, signal?: AbortSignal) =>
      slots.take(holder, signal).then(
        (giveBack) => {
          order.push(name);
          giveBack();
        },
        () => order.push(`${name} left`),
      );
    const leaving = new AbortController();
    const asked = [ask(2, "a1"), ask(2, "a2"), ask(2, "a3", leaving.signal), ask(3, "b1"), ask(3, "b2"), ask(4, "c1")];
    leaving.abort();
    release();
    await Promise.all(asked);
    expect(order).toEqual(["a3 left", "a1", "b1", "c1", "a2", "b2"]);
  });
});
