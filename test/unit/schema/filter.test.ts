import { describe, expect, test } from "bun:test";
import { filterOf } from "../../../src/query/filter.ts";
import { pageParametersSchema, statsParametersSchema, streamParametersSchema } from "../../../src/schema/filter.ts";
import { textQuery } from "../../support/text-query.ts";

describe("the parameters of a search", () => {
  test("have defaults", () => {
    expect(pageParametersSchema.parse({})).toEqual({
      service: [],
      severity: [],
      limit: 100,
      offset: 0,
      order: "desc",
      sort: "received_at",
    });
    expect(streamParametersSchema.parse({ limit: "all" }).limit).toBe(Number.POSITIVE_INFINITY);
    expect(streamParametersSchema.parse({ limit: "5000000" }).limit).toBe(5_000_000);
  });

  test.each([
    [{ limit: "1001" }],
    [{ limit: "0" }],
    [{ limit: "1.5" }],
    [{ limit: "1e2" }],
    [{ limit: " 5" }],
    [{ limit: "all" }],
    [{ offset: "-1" }],
    [{ order: "DESC" }],
    [{ sort: "id" }],
    [{ service: [""] }],
    [{ service: ["x".repeat(101)] }],
    [{ severity: ["loud"] }],
    [{ timestamp_start: "soon" }],
    [{ unknown: "1" }],
  ])("refuse %j for a page", (parameters) => {
    expect(pageParametersSchema.safeParse(parameters).success).toBe(false);
  });

  test("take a plus sign that became a space for the sign of an offset, and nothing else for one", () => {
    const { timestamp_start } = statsParametersSchema.parse({ timestamp_start: "2026-11-24T11:00:00 01:00" });
    expect(timestamp_start?.ms).toBe(Date.UTC(2026, 10, 24, 10));
    for (const offset of ["0100", "01"]) {
      const short = statsParametersSchema.parse({ timestamp_start: `2026-11-24T11:00:00 ${offset}` });
      expect([offset, short.timestamp_start?.ms]).toEqual([offset, Date.UTC(2026, 10, 24, 10)]);
    }
    expect(statsParametersSchema.parse({ timestamp_start: "2026-11-24 01:00" }).timestamp_start?.ms).toBe(
      Date.UTC(2026, 10, 24, 1),
    );
  });
});

describe("a filter", () => {
  const maskOf = (parameters: Record<string, unknown>) =>
    filterOf(statsParametersSchema.parse(parameters), undefined).severityMask;

  test("has a bit for each severity that may be found", () => {
    expect(maskOf({})).toBe(0b111111);
    expect(maskOf({ severity: ["WARNING"] })).toBe(0b001000);
    expect(maskOf({ severity: ["trace", "fatal"] })).toBe(0b100001);
    expect(maskOf({ min_severity: "warn" })).toBe(0b111000);
    expect(maskOf({ severity: ["info", "error"], min_severity: "warn" })).toBe(0b010000);
    expect(maskOf({ severity: ["info"], min_severity: "error" })).toBe(0);
  });

  test("has only the bounds that were given", () => {
    const parameters = statsParametersSchema.parse({ received_at_end: "2026-11-24T10:00:00.000000001Z", service: ["a"] });
    const filter = filterOf(parameters, textQuery("x"));
    const receivedEnd = { ms: Date.UTC(2026, 10, 24, 10), nanos: 1, digits: 9 };
    expect(filter).toEqual({ receivedEnd, services: ["a"], severityMask: 63, query: textQuery("x") });
  });
});
