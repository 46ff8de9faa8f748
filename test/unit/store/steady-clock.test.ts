import { expect, test } from "bun:test";
import { createSteadyClock } from "../../../src/store/steady-clock.ts";

const HOUR = 3_600_000;

function openClock(knownMs: number) {
  const real = { clock: knownMs, elapsed: 0 };
  const read = createSteadyClock({ now: () => real.clock, knownMs, elapsed: () => real.elapsed });
  return {
    read,
    pass(ms: number) {
      real.clock += ms;
      real.elapsed += ms;
    },
    set(ms: number) {
      real.clock = ms;
    },
  };
}

test("goes with a clock that goes on, is set by some seconds, or goes back", () => {
  const { read, pass, set } = openClock(1000 * HOUR);
  pass(5 * HOUR);
  expect(read()).toBe(1005 * HOUR);
  set(1005 * HOUR + 30_000);
  expect(read()).toBe(1005 * HOUR + 30_000);
  set(900 * HOUR);
  expect(read()).toBe(900 * HOUR);
});

test("goes on from what was known where the clock jumps ahead, and back, within an hour", () => {
  const { read, pass, set } = openClock(1000 * HOUR);
  set(9000 * HOUR);
  expect(read()).toBe(1000 * HOUR);
  pass(HOUR / 2);
  expect(read()).toBe(1000.5 * HOUR);
  set(1000.5 * HOUR);
  expect(read()).toBe(1000.5 * HOUR);
  // An hour after the first jump, but the second is younger.
  set(9000 * HOUR);
  expect(read()).toBe(1000.5 * HOUR);
  pass(0.75 * HOUR);
  expect(read()).toBe(1001.25 * HOUR);
});

test("believes a clock that has been ahead for an hour, as after a collector was off for long", () => {
  const { read, pass, set } = openClock(1000 * HOUR);
  set(2000 * HOUR);
  expect(read()).toBe(1000 * HOUR);
  pass(HOUR - 1);
  expect(read()).toBe(1001 * HOUR - 1);
  pass(1);
  expect(read()).toBe(2001 * HOUR);
});
