import { describe, expect, test } from "bun:test";
import { SEVERITIES } from "../../../src/schema/severity.ts";
import { createRecords, PHRASE, RARE_RECORDS, RARE_WORD } from "../../bench/records.ts";

function take(seed: number, rows: number, count = rows): string[] {
  const next = createRecords(seed, rows);
  return Array.from({ length: count }, () => JSON.stringify(next()));
}

describe("the records of the benchmark", () => {
  test("are the same for the same seed and others for another", () => {
    expect(take(7, 500)).toEqual(take(7, 500));
    expect(take(7, 500)).not.toEqual(take(8, 500));
  });

  test("have the rare word exactly as often as promised, and never after the first rows", () => {
    for (const rows of [1000, 1001, 20_000]) {
      const lines = take(1, rows, rows + 3000);
      expect(lines.filter((line) => line.toLowerCase().includes(RARE_WORD))).toHaveLength(RARE_RECORDS);
      expect(lines.slice(rows).join()).not.toContain(RARE_WORD);
    }
  });

  test("have the phrase in about one of a hundred, and its words elsewhere too", () => {
    const lines = take(2, 20_000);
    const withPhrase = lines.filter((line) => line.includes(PHRASE));
    expect(withPhrase.length).toBeWithin(120, 280);
    const others = lines.filter((line) => !line.includes(PHRASE)).join("\n");
    for (const word of ["connection", "reset"]) expect(others).toContain(word);
  });

  test("look like life: many services, all severities, six of ten with attributes, a size of 150 to 250 bytes", () => {
    const next = createRecords(3, 20_000);
    const records = Array.from({ length: 20_000 }, next);
    expect(new Set(records.map((record) => record.service)).size).toBe(12);
    expect(new Set(records.map((record) => record.severity))).toEqual(new Set(SEVERITIES));
    expect(records.filter((record) => record.attributes !== undefined).length / records.length).toBeWithin(0.57, 0.63);
    expect(records.reduce((sum, record) => sum + JSON.stringify(record).length, 0) / records.length).toBeWithin(150, 250);
    expect(records.some((record) => record.message.includes("\n    at "))).toBe(true);
  });

  test("come slightly out of order, with milliseconds", () => {
    const next = createRecords(4, 5000);
    const times = Array.from({ length: 5000 }, () => next().timestamp);
    expect(times).not.toEqual(times.toSorted());
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const late = times.map((time, i) => Date.parse(times[Math.max(0, i - 1)] ?? time) - Date.parse(time));
    expect(Math.max(...late)).toBeWithin(1, 1501);
  });

  test("fill in every field of their templates", () => {
    expect(take(5, 20_000).filter((line) => /\{\w+\}/.test(line))).toEqual([]);
  });
});
