import { expect, test } from "bun:test";
import { type ClockMark, createSteadyClock } from "../../src/steady-clock.ts";

const HOUR = 3_600_000;
const BOOT = 7;

/** A machine with a clock that can be set, and a collector on it that can be started again. */
function openClock(startMs: number) {
  const machine = { clock: startMs, uptime: 5 * HOUR, boot: BOOT };
  const open = (mark?: ClockMark) =>
    createSteadyClock({ now: () => machine.clock, mark, uptimeMs: () => machine.uptime, boot: machine.boot });
  let clock = open();
  return {
    read: () => clock.timeMs(),
    ran: () => clock.ranMs(),
    pass(ms: number) {
      machine.clock += ms;
      machine.uptime += ms;
    },
    set(ms: number) {
      machine.clock = ms;
    },
    /** The collector ends; time passes while it is off; it starts again. */
    restart(offMs: number, reboot = false) {
      const mark = clock.mark();
      this.pass(offMs);
      if (reboot) Object.assign(machine, { uptime: 0, boot: machine.boot + 1 });
      clock = open(mark);
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
  read();
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

test("believes a clock that has been ahead for an hour", () => {
  const { read, pass, set } = openClock(1000 * HOUR);
  read();
  set(2000 * HOUR);
  expect(read()).toBe(1000 * HOUR);
  pass(HOUR - 1);
  expect(read()).toBe(1001 * HOUR - 1);
  pass(1);
  expect(read()).toBe(2001 * HOUR);
});

test("is not fooled by a restart while the clock is ahead, nor by many", () => {
  const clock = openClock(1000 * HOUR);
  clock.read();
  clock.set(9000 * HOUR);
  for (let i = 1; i <= 5; i += 1) {
    clock.pass(HOUR / 10);
    clock.restart(0, i === 3);
    expect(clock.read()).toBe((1000 + i / 10) * HOUR);
  }
});

test("knows at once how long a collector was off while the machine ran, and after an hour if the machine was off, too", () => {
  const clock = openClock(1000 * HOUR);
  clock.restart(100 * HOUR);
  expect([clock.read(), clock.ran()]).toEqual([1100 * HOUR, 100 * HOUR]);
  clock.restart(200 * HOUR, true);
  expect([clock.read(), clock.ran()]).toEqual([1100 * HOUR, 100 * HOUR]);
  clock.pass(HOUR);
  expect([clock.read(), clock.ran()]).toEqual([1301 * HOUR, 101 * HOUR]);
});

test("has the hours that a clock was ahead add up over restarts, so that one that is off at night is believed in the end", () => {
  const clock = openClock(1000 * HOUR);
  clock.restart(100 * HOUR, true);
  for (let i = 0; i < 4; i += 1) {
    expect(clock.read()).toBeLessThan(1002 * HOUR);
    clock.pass(0.3 * HOUR);
    clock.restart(0, true);
  }
  expect(clock.read()).toBe(1101.2 * HOUR);
});

test("counts the time that has passed whatever the clock is set to", () => {
  const { ran, pass, set } = openClock(1000 * HOUR);
  for (const ms of [9000 * HOUR, 0, 1000 * HOUR]) {
    set(ms);
    pass(2 * HOUR);
    ran();
  }
  expect(ran()).toBe(6 * HOUR);
});

test("asks the machine itself how long it has run", async () => {
  const clock = createSteadyClock({ now: () => 0 });
  const startMs = clock.ranMs();
  while (clock.ranMs() - startMs < 30) await new Promise(setImmediate);
  expect(clock.ranMs() - startMs).toBeGreaterThanOrEqual(30);
}, 5000);
