import { afterEach, expect, test } from "bun:test";
import fc from "fast-check";
import { parseTimeExpression } from "../../../../src/query/time-expression.ts";
import { formatTime } from "../../../../src/render/text/time.ts";

const ZONE = process.env["TZ"];

afterEach(() => {
  process.env["TZ"] = ZONE ?? "UTC";
});

test.each([
  ["UTC", "2026-11-24 10:00:00.123"],
  ["Europe/Berlin", "2026-11-24 11:00:00.123"],
  ["America/New_York", "2026-11-24 05:00:00.123"],
  ["Asia/Kathmandu", "2026-11-24 15:45:00.123"],
])("a time is shown in the time of %s, and in UTC with a Z", (zone, local) => {
  process.env["TZ"] = zone;
  expect(formatTime("2026-11-24T10:00:00.123456789Z", false)).toBe(local);
  expect(formatTime("2026-11-24T10:00:00.123456789Z", true)).toBe("2026-11-24 10:00:00.123Z");
});

test.each([
  ["2026-11-24T10:00:00Z", "2026-11-24 10:00:00.000"],
  ["2026-11-24T10:00:00.5Z", "2026-11-24 10:00:00.500"],
  ["2026-11-24T10:00:00.9999Z", "2026-11-24 10:00:00.999"],
  ["1960-01-01T00:00:00.9999Z", "1960-01-01 00:00:00.999"],
  ["0000-01-01T00:00:00Z", "0000-01-01 00:00:00.000"],
  ["0099-12-31T23:59:59.999Z", "0099-12-31 23:59:59.999"],
  ["9999-12-31T23:59:59.999Z", "9999-12-31 23:59:59.999"],
])("%s is %s: cut to the millisecond, never rounded up", (time, shown) => {
  process.env["TZ"] = "UTC";
  expect(formatTime(time, false)).toBe(shown);
  expect(formatTime(time, true)).toBe(`${shown}Z`);
});

test("a time that is shown is understood as the same millisecond where it is given back", () => {
  const date = fc.date({ min: new Date("0000-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true });
  fc.assert(
    fc.property(date, fc.constantFrom("UTC", "Asia/Tokyo", "Asia/Kolkata"), fc.boolean(), (instant, zone, utc) => {
      process.env["TZ"] = zone;
      const shown = formatTime(instant.toISOString(), utc);
      const understood = parseTimeExpression(shown, { flag: "--since", edge: "start", nowMs: 0 });
      // Until the 20th century local times had odd seconds, and a clock that was set back once shows a time twice.
      if (utc || instant.getUTCFullYear() >= 1960) expect(understood).toBe(instant.toISOString());
    }),
    { numRuns: 300 },
  );
});
