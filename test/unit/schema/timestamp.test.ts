import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatTimestamp, parseTimestamp } from "../../../src/schema/timestamp.ts";

function roundTrip(value: unknown): string | undefined {
  const timestamp = parseTimestamp(value);
  return timestamp && formatTimestamp(timestamp.ms, timestamp.nanos, timestamp.digits);
}

const pad = (value: number, width: number) => String(value).padStart(width, "0");

describe("a timestamp", () => {
  test("comes back as it was sent, whatever its precision, in the years 0000 to 9999", () => {
    const parts = fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }));
    const clock = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 }));
    const fraction = fc.tuple(fc.integer({ min: 0, max: 999_999_999 }), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(parts, clock, fraction, ([year, month, day], [hour, minute, second], [nanos, digits]) => {
        const rest = digits === 0 ? "" : `.${pad(nanos, 9).slice(0, digits)}`;
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${rest}Z`;
        expect(roundTrip(text)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("with an offset is the instant that JavaScript takes it for", () => {
    const date = fc.date({ min: new Date(0), max: new Date(Date.UTC(2200, 0)), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.integer({ min: -14 * 60, max: 14 * 60 }), (instant, offset) => {
        const local = new Date(instant.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const zone = `${offset < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(offset) / 60), 2)}:${pad(Math.abs(offset) % 60, 2)}`;
        expect(parseTimestamp(local + zone)?.ms).toBe(Date.parse(local + zone));
      }),
    );
  });

  test.each([
    ["2026-11-24", "2026-11-24T00:00:00Z"],
    ["2026-11-24T10:00", "2026-11-24T10:00:00Z"],
    ["2026-11-24 10:00:00.5", "2026-11-24T10:00:00.5Z"],
    ["2026-11-24t10:00:00z", "2026-11-24T10:00:00Z"],
    ["2026-11-24T10:00:00,25Z", "2026-11-24T10:00:00.25Z"],
    ["2026-11-24T10:00:00.1234567891Z", "2026-11-24T10:00:00.123456789Z"],
    ["2026-11-24T10:00:00+0130", "2026-11-24T08:30:00Z"],
    ["2026-11-24T10:00:00-05", "2026-11-24T15:00:00Z"],
    ["2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"],
    ["2026-11-24T24:00:00Z", "2026-11-25T00:00:00Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"],
    [1_763_978_400, "2025-11-24T10:00:00Z"],
    [1_763_978_400.25, "2025-11-24T10:00:00.25Z"],
    [1_763_978_400_123, "2025-11-24T10:00:00.123Z"],
    ["1763978400123456", "2025-11-24T10:00:00.123456Z"],
    ["1763978400123456789", "2025-11-24T10:00:00.123456789Z"],
    [0, "1970-01-01T00:00:00Z"],
    [-1, "1969-12-31T23:59:59Z"],
    ["-1.5", "1969-12-31T23:59:58.5Z"],
  ])("%p is %s", (value, expected) => {
    expect(roundTrip(value)).toBe(expected);
  });

  test.each([
    "",
    "yesterday",
    "2026-13-01",
    "2026-00-01",
    "2026-02-29",
    "2026-04-31",
    "2026-11-24T25:00",
    "2026-11-24T24:00:01Z",
    "2026-11-24T10:60",
    "2026-11-24T10:00:61Z",
    "2026-11-24T10:00:00.Z",
    "2026-11-24T10:00:00X",
    "2026-11-24T10:00:00+24:00",
    "2026-11-24T10:00:00+1",
    " 2026-11-24",
    "24/11/2026",
    "12345678901234567890123",
    "1e9",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e21,
    true,
    null,
    undefined,
    {},
  ])("%p is none", (value) => {
    expect(parseTimestamp(value)).toBeUndefined();
  });
});
