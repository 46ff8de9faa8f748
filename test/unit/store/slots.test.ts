import { describe, expect, test } from "bun:test";
import { createSlots } from "../../../src/store/slots.ts";

/** Until all that follows from what was done has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("slots", () => {
  test("are given in order, so many at a time, and given back once", async () => {
    const slots = createSlots(2, 10);
    const held: (() => void)[] = [];
    const order: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      void slots.take(undefined).then((release) => {
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
    expect(await Promise.all([slots.take(undefined), slots.take(undefined)])).toHaveLength(2);
  });

  test("are not given to who has left, and none is lost by it", async () => {
    const slots = createSlots(1, 10);
    const release = await slots.take(undefined);
    const leaving = new AbortController();
    const left = slots.take(leaving.signal).catch((error: Error) => error);
    const next = slots.take(undefined);
    leaving.abort();
    expect(await left).toMatchObject({ code: "interrupted" });
    expect(await slots.take(leaving.signal).catch((error: Error) => error)).toMatchObject({ code: "interrupted" });
    release();
    (await next)();
    // Served and left in the same moment: it has the slot, and gives it back.
    const third = await slots.take(undefined);
    const late = new AbortController();
    const served = slots.take(late.signal);
    third();
    late.abort();
    (await served)();
    expect(await slots.take(undefined)).toBeFunction();
  });
});
