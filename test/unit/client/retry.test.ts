import { describe, expect, test } from "bun:test";
import { isRetryable, jitteredDelayMs, readRetryAfterMs, sleep } from "../../../src/client/retry.ts";

describe("isRetryable", () => {
  test.each([408, 425, 429, 500, 502, 503, 504])("tries again after %d", (status) => {
    expect(isRetryable(status)).toBe(true);
  });
  test.each([200, 207, 301, 400, 401, 403, 404, 413, 415, 422, 501])("does not try again after %d", (status) => {
    expect(isRetryable(status)).toBe(false);
  });
});

describe("jitteredDelayMs", () => {
  test("is anything from nothing to a bound that doubles, up to 30 s", () => {
    expect(jitteredDelayMs(0, () => 0)).toBe(0);
    expect([0, 1, 2, 6, 7, 5000].map((attempt) => jitteredDelayMs(attempt, () => 1))).toEqual([
      250, 500, 1000, 16_000, 30_000, 30_000,
    ]);
  });
});

describe("readRetryAfterMs", () => {
  const now = Date.parse("2026-11-24T10:00:00Z");
  test.each([
    ["2", 2000],
    [" 1.5 ", 1500],
    ["0", 0],
    ["-5", 0],
    ["3600", 60_000],
    ["Tue, 24 Nov 2026 10:00:07 GMT", 7000],
    ["Tue, 24 Nov 2026 09:00:00 GMT", 0],
    ["Tuesday, 24-Nov-26 10:00:07 GMT", 7000],
  ])("takes '%s' for %d ms", (header, expected) => {
    expect(readRetryAfterMs(header, now)).toBe(expected);
  });
  test.each([null, "", "soon", "1e3", "2026-11-24T10:00:07Z", "Foo, bar"])("asks for nothing as '%s'", (header) => {
    expect(readRetryAfterMs(header, now)).toBeUndefined();
  });
});

describe("sleep", () => {
  test("ends at once when the signal is aborted, before or meanwhile", async () => {
    await sleep(1_000_000, AbortSignal.abort());
    const stop = new AbortController();
    const sleeping = sleep(1_000_000, stop.signal);
    stop.abort();
    await sleeping;
  });
  test("ends after its time", async () => {
    await sleep(0, new AbortController().signal);
  });
});
