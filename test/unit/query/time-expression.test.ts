import { afterEach, describe, expect, test } from "bun:test";
import { LogctlError } from "../../../src/errors.ts";
import { parseTimeExpression } from "../../../src/query/time-expression.ts";

const ZONE = process.env["TZ"];
const NOW = Date.parse("2026-11-24T12:34:56.789Z");

function start(text: string, nowMs = NOW): string {
  return parseTimeExpression(text, { flag: "--since", edge: "start", nowMs });
}

function end(text: string, nowMs = NOW): string {
  return parseTimeExpression(text, { flag: "--until", edge: "end", nowMs });
}

describe("a time as people write it", () => {
  afterEach(() => {
    process.env["TZ"] = ZONE ?? "UTC";
  });

  test.each([
    ["now", "2026-11-24T12:34:56.789Z"],
    ["15m", "2026-11-24T12:19:56.789Z"],
    ["90s", "2026-11-24T12:33:26.789Z"],
    ["2h", "2026-11-24T10:34:56.789Z"],
    ["1h30m", "2026-11-24T11:04:56.789Z"],
    ["3d", "2026-11-21T12:34:56.789Z"],
    ["1w", "2026-11-17T12:34:56.789Z"],
    ["2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"],
    ["2026-11-24T10:00:00.123456789+01:00", "2026-11-24T09:00:00.123456789Z"],
    ["1763978400", "2025-11-24T10:00:00Z"],
    ["1763978400123", "2025-11-24T10:00:00.123Z"],
  ])("%s is %s in every zone", (text, expected) => {
    for (const zone of ["UTC", "Europe/Berlin", "America/New_York"]) {
      process.env["TZ"] = zone;
      expect([zone, start(text)]).toEqual([zone, expected]);
    }
  });

  test("without a zone is local time", () => {
    process.env["TZ"] = "Europe/Berlin";
    expect(start("2026-11-24 10:00")).toBe("2026-11-24T09:00:00Z");
    expect(start("2026-07-01T10:00:00.5")).toBe("2026-07-01T08:00:00.5Z");
    expect(start("2026-11-24")).toBe("2026-11-23T23:00:00Z");
    expect(start("10:00")).toBe("2026-11-24T09:00:00Z");
    expect(start("today")).toBe("2026-11-23T23:00:00Z");
    expect(start("yesterday")).toBe("2026-11-22T23:00:00Z");
    process.env["TZ"] = "America/New_York";
    expect(start("today", Date.parse("2026-11-24T03:00:00Z"))).toBe("2026-11-23T05:00:00Z");
  });

  test("as an end takes in all that it names", () => {
    process.env["TZ"] = "UTC";
    expect(end("2026-11-24")).toBe("2026-11-24T23:59:59.999999999Z");
    expect(end("yesterday")).toBe("2026-11-23T23:59:59.999999999Z");
    expect(end("2026-11-24 10:00")).toBe("2026-11-24T10:00:59.999999999Z");
    expect(end("2026-11-24T10:00:00Z")).toBe("2026-11-24T10:00:00.999999999Z");
    expect(end("2026-11-24T10:00:00.123Z")).toBe("2026-11-24T10:00:00.123999999Z");
    expect(end("2026-11-24T10:00:00.123456789Z")).toBe("2026-11-24T10:00:00.123456789Z");
  });

  test("knows that days on which clocks change are longer or shorter", () => {
    process.env["TZ"] = "Europe/Berlin";
    expect([start("2026-03-29"), end("2026-03-29")]).toEqual(["2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999999Z"]);
    expect([start("2026-10-25"), end("2026-10-25")]).toEqual(["2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999999999Z"]);
  });

  test("takes the first of two hours where clocks go back, and the hour after where they go forward", () => {
    process.env["TZ"] = "America/New_York";
    expect([start("2026-03-08"), end("2026-03-08")]).toEqual(["2026-03-08T05:00:00Z", "2026-03-09T03:59:59.999999999Z"]);
    expect([start("2026-11-01"), end("2026-11-01")]).toEqual(["2026-11-01T04:00:00Z", "2026-11-02T04:59:59.999999999Z"]);
    expect(start("2026-11-01 01:30")).toBe("2026-11-01T05:30:00Z");
    expect(start("2026-11-01T01:30-05:00")).toBe("2026-11-01T06:30:00Z");
    expect(start("2026-03-08 02:30")).toBe("2026-03-08T07:30:00Z");
    expect(end("2026-11-01 01:30")).toBe("2026-11-01T05:30:59.999999999Z");
    // A day on which there is no midnight begins an hour later.
    process.env["TZ"] = "Africa/Cairo";
    expect([start("2026-04-24"), end("2026-04-23")]).toEqual(["2026-04-23T22:00:00Z", "2026-04-23T21:59:59.999999999Z"]);
  });

  test("knows the first and the last year, and nothing beyond", () => {
    process.env["TZ"] = "UTC";
    expect([start("0000-01-01"), start("0099-03-01")]).toEqual(["0000-01-01T00:00:00Z", "0099-03-01T00:00:00Z"]);
    expect(end("9999-12-31")).toBe("9999-12-31T23:59:59.999999999Z");
    expect(() => start("9999-12-31 24:00")).toThrow(LogctlError);
    expect(() => start("999999w")).toThrow(LogctlError);
    process.env["TZ"] = "Asia/Tokyo";
    expect(() => start("0000-01-01")).toThrow(LogctlError);
    process.env["TZ"] = "America/New_York";
    expect(() => end("9999-12-31")).toThrow(LogctlError);
  });

  test("is read with blanks around it, in any case, and with a comma", () => {
    process.env["TZ"] = "UTC";
    expect(start("  NOW ")).toBe("2026-11-24T12:34:56.789Z");
    expect(start("2026-11-24t10:00:00z")).toBe("2026-11-24T10:00:00Z");
    expect(start("10:00:00,25")).toBe("2026-11-24T10:00:00.25Z");
    expect(start("-15m")).toBe(start("15m"));
    expect(end("15m")).toBe("2026-11-24T12:19:56.789999999Z");
    expect(end("1763978400")).toBe("2025-11-24T10:00:00.999999999Z");
    expect(end("1763978400123")).toBe("2025-11-24T10:00:00.123999999Z");
  });

  test("that is none is a mistake in the use of its flag", () => {
    expect(() => start("soon")).toThrow(expect.objectContaining({ code: "usage", field: "--since" }));
    expect(() => end("soon")).toThrow(expect.objectContaining({ code: "usage", field: "--until" }));
  });

  test.each([
    "",
    "soon",
    "15",
    "20261124",
    "5 minutes",
    "2026-02-30",
    "25:00",
    "10:00x",
    "m15",
    "2026-11-24T10:00:00 Europe/Berlin",
    "99999999999w",
  ])("is not %j, and the flag and the value are named", (text) => {
    expect(() => start(text)).toThrow(LogctlError);
    expect(() => start(text)).toThrow(`--since '${text}' is no time; write 15m`);
  });
});
