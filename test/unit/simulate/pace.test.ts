import { describe, expect, test } from "bun:test";
import { createPace } from "../../../src/simulate/pace.ts";

/** A clock that is moved by waiting, or by hand. */
function setUp(intervalMs: number) {
  const waits: number[] = [];
  const clock = { ms: 1_000_000 };
  const pace = createPace({
    intervalMs,
    now: () => clock.ms,
    signal: new AbortController().signal,
    async sleep(ms) {
      waits.push(ms);
      clock.ms += ms;
    },
  });
  return { pace, waits, clock };
}

describe("createPace", () => {
  test("waits less where the work took time, so that the beat is kept", async () => {
    const { pace, waits, clock } = setUp(1000);
    await pace();
    clock.ms += 300;
    await pace();
    clock.ms += 1000;
    await pace();
    expect(waits).toEqual([1000, 700]);
  });

  test("makes up for a short delay", async () => {
    const { pace, waits, clock } = setUp(400);
    clock.ms += 1000;
    await pace();
    await pace();
    await pace();
    expect(waits).toEqual([200]);
  });

  test("does not make up for a long one", async () => {
    const { pace, waits, clock } = setUp(500);
    clock.ms += 3_600_000;
    for (let beat = 0; beat < 4; beat += 1) await pace();
    expect(waits).toEqual([500]);
  });

  test("does not wait at all with no interval", async () => {
    const { pace, waits } = setUp(0);
    for (let beat = 0; beat < 3; beat += 1) await pace();
    expect(waits).toEqual([]);
  });

  test("waits no more than an interval where the clock is set back", async () => {
    const { pace, waits, clock } = setUp(1000);
    await pace();
    clock.ms -= 3_600_000;
    await pace();
    await pace();
    expect(waits).toEqual([1000, 1000, 1000]);
  });
});
