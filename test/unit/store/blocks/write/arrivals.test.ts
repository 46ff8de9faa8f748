import { describe, expect, test } from "bun:test";
import { createArrivals } from "../../../../../src/store/blocks/write/arrivals.ts";

describe("arrivals", () => {
  test("are told at once after a quiet time", () => {
    const { newestId, onArrival, committed } = createArrivals(5);
    let told = 0;
    onArrival(5, () => {
      told += 1;
    });
    expect([newestId(), told]).toEqual([5, 0]);
    committed(7);
    expect([newestId(), told]).toEqual([7, 1]);
  });

  test("that come fast are told together, to all who listen", async () => {
    const { onArrival, committed } = createArrivals(0, 30);
    committed(1);
    const told = [0, 0];
    const { promise, resolve } = Promise.withResolvers<void>();
    onArrival(1, () => {
      told[0] = (told[0] as number) + 1;
    });
    onArrival(1, () => {
      told[1] = (told[1] as number) + 1;
      if (told[1] === 2) resolve();
    });
    for (let id = 2; id <= 100; id += 1) committed(id);
    expect(told).toEqual([1, 1]);
    await promise;
    expect(told).toEqual([2, 2]);
  });

  test("are told to one who was away while they came, and to nobody who listens no more", async () => {
    const { onArrival, committed } = createArrivals(0, 1);
    committed(3);
    await new Promise<void>((resolve) => onArrival(2, resolve));
    let told = false;
    const leave = onArrival(2, () => {
      told = true;
    });
    leave();
    committed(4);
    await new Promise<void>((resolve) => onArrival(3, resolve));
    expect(told).toBe(false);
  });
});
