import { describe, expect, test } from "bun:test";
import { createTally, REGEX } from "../../bench/expected.ts";
import { type BenchRecord, createRecords, PHRASE } from "../../bench/records.ts";

function tallyOf(records: readonly BenchRecord[]) {
  const tally = createTally();
  for (const record of records) tally.add(record);
  return tally.sum();
}

describe("what the answers are held to", () => {
  const next = createRecords(5, 5000);
  const records = Array.from({ length: 5000 }, next);
  const expected = tallyOf(records);

  test("is what a plain count of the records gives", () => {
    expect(expected.records).toBe(5000);
    expect(expected.phrase).toBe(records.filter(({ message }) => message.includes(PHRASE)).length);
    expect(expected.ofService).toBe(records.filter(({ service }) => service === "payments").length);
    expect(expected.errors).toBe(records.filter(({ severity }) => severity === "ERROR").length);
    expect(expected.ofUser).toBe(records.filter(({ attributes }) => attributes?.["user_id"] === expected.userId).length);
    for (const count of [expected.phrase, expected.ofService, expected.errors, expected.ofUser]) expect(count).toBeGreaterThan(0);
  });

  test("has counts of groups that add up to all, in ascending order", () => {
    for (const counts of [expected.bySeverity, expected.byMinute]) {
      expect(counts.reduce((sum, count) => sum + count)).toBe(5000);
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    }
    const minutes = new Set(records.map(({ timestamp }) => timestamp.slice(0, 16)));
    expect(expected.byMinute).toHaveLength(minutes.size);
  });

  test("has the same records for the regular expression whether it sees messages or lines of JSON", () => {
    const lines = records.filter((record) => new RegExp(REGEX).test(JSON.stringify(record)));
    expect(expected.regex).toBe(lines.length);
    expect(lines.length).toBeGreaterThan(0);
  });
});
