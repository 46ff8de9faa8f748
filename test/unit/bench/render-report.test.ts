import { describe, expect, test } from "bun:test";
import type { BenchResult } from "../../bench/bench-result.ts";
import { compare } from "../../bench/compare.ts";
import { renderReport } from "../../bench/render-report.ts";

const RESULT: BenchResult = {
  machine: { cpu: "a cpu", cores: 2, bun: "1.4.5", kernel: "6.18", loadAverage: 0.1, fsyncMs: 0.2 },
  systems: ["logctl", "ripgrep", "sqlite", "zstd"],
  rows: 1_000_000,
  singles: 20_000,
  seed: 1,
  fileBytes: 1_020_000 * 211,
  values: {
    ingestBatches: { logctl: 400_000, sqlite: 100_000 },
    disk: { logctl: 34, ripgrep: 211, sqlite: 234, zstd: 26 },
    phrase: { logctl: 20, ripgrep: 80 },
    rareWord: { logctl: 16, ripgrep: 80 },
    substring: { ripgrep: 70 },
    exportMemory: { logctl: 100 },
    growthIngest: { logctl: 0.89 },
  },
  gaps: [
    { system: "logctl", measure: "substring", why: "answered 400" },
    { system: "duckdb", why: "could not be installed" },
  ],
  busyDisk: ["sqlite"],
  clientShares: { logctl: [0.1, 0.3] },
  yardstick: { sampleBytes: 200e6, ofBytes: 1100e6 },
};

describe("the report of the benchmark", () => {
  const text = renderReport(RESULT);
  const lineOf = (label: string) => text.split("\n").find((line) => line.startsWith(label)) ?? "";

  test("divides logctl's value by that of the system a measure is held against", () => {
    const ratios = new Map(compare(RESULT).map((line) => [line.name, line.ratio]));
    expect(ratios.get("ingestBatches")).toBe(4);
    expect(ratios.get("phrase")).toBe(0.25);
    expect(ratios.get("substring")).toBeUndefined();
    expect(ratios.get("exportMemory")).toBeUndefined();
  });

  test("says of each target whether it is met, at its bound too", () => {
    expect(lineOf("ingest, 1000")).toMatch(/400,000 +100,000 +4\.000x sqlite +>= 400,000 met$/);
    expect(lineOf("on disk")).toMatch(/34\.0 +211 +234 +26\.0 +1\.308x zstd +<= 0\.65x zstd MISSED$/);
    expect(lineOf("count of a phrase")).toMatch(/20\.0 +80\.0 +0\.250x ripgrep +<= 0\.5x ripgrep met$/);
    expect(lineOf("one rare word")).toMatch(/<= 15 MISSED$/);
    expect(lineOf("memory the export adds")).toMatch(/<= 100 met$/);
    expect(lineOf("growth: ingest rate")).toMatch(/>= 0\.9 MISSED$/);
  });

  test("says what is not available and why, and calls no target met or missed that was not measured", () => {
    expect(lineOf("count of a substring")).toMatch(/n\/a +70\.0 +<= 0\.3x ripgrep not measured$/);
    expect(text).toContain("Not available: logctl, count of a substring found nowhere: answered 400.");
    expect(text).toContain("Not available: duckdb: could not be installed.");
  });

  test("has only the systems and measures that took part", () => {
    expect(text).not.toContain("fts5");
    expect(text).not.toContain("count per minute");
  });

  test("names the machine, the client's own share and what zstd compressed", () => {
    expect(text).toContain("a cpu, 2 cores, Linux 6.18, Bun 1.4.5, fsync 0.20 ms, load before 0.10");
    expect(text).toContain("when the load began of: sqlite.");
    expect(text).toContain("210 bytes of JSON each");
    expect(text).toContain("logctl 10 % and 30 %");
    expect(text).toContain("on the first 200 MB of the file's 1,100 MB");
  });

  test("has the growth and the breakdown where they were asked for", () => {
    const stage = { records: 1_000_000, recordsPerSecond: 500_000, rareWordMs: 8, latestMs: 3 };
    const growth = {
      windowRecords: 1_000_000,
      windowRates: [510_000, 500_000],
      small: stage,
      large: { ...stage, records: 10_000_000, latestMs: 4 },
      peakMemoryBytes: 240e6,
      bytesPerRecord: 30,
    };
    const whole = renderReport({ ...RESULT, growth, breakdown: [{ name: "messages", bytes: 10_200_000 }] });
    expect(whole).toContain("With 10,000,000 stored and settled: 500,000 records/s for the next window");
    expect(whole).toContain("510,000 500,000 records/s");
    expect(whole).toMatch(/^messages +10,200,000 +10\.00 +100\.0 %$/m);
  });
});
