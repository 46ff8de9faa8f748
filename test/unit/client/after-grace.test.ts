import { expect, jest, test } from "bun:test";
import { afterGrace } from "../../../src/client/after-grace.ts";

test("is aborted some time after the other signal, with its reason, and not before", () => {
  jest.useFakeTimers();
  try {
    const stop = new AbortController();
    const late = afterGrace(stop.signal, 5000);
    jest.advanceTimersByTime(60_000);
    expect(late.aborted).toBe(false);
    stop.abort("SIGTERM");
    jest.advanceTimersByTime(4999);
    expect(late.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect([late.aborted, late.reason]).toEqual([true, "SIGTERM"]);
    const already = afterGrace(AbortSignal.abort(), 10);
    jest.advanceTimersByTime(10);
    expect(already.aborted).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});
