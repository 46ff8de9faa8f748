import { describe, expect, test } from "bun:test";
import type { LoadMeasurement } from "../../bench/load-phases.ts";
import { type BenchResult, compare, renderReport } from "../../bench/report.ts";

function loadOf(factor: number): LoadMeasurement {
  const phase = { records: 1000, seconds: 2, clientCpuSeconds: 0.5, recordsPerSecond: 100_000 * factor, cpuSecondsPerMillion: 4 };
  return { batches: phase, singles: phase, totalCpuSecondsPerMillion: 5, bytesPerRecord: 250 / factor };
}

const RESULT: BenchResult = {
  machine: { cpu: "a cpu", cores: 2, bun: "1.4.5", kernel: "6.18", loadAverage: 0.1, fsyncMs: 0.2 },
  rows: 1_000_000,
  singles: 20_000,
  seed: 1,
  jsonBytesPerRecord: 210,
  load: { logctl: loadOf(4), baseline: loadOf(1) },
  peakMemoryBytes: { logctl: 301e6, baseline: 80e6 },
  latencyMs: {
    latest: { logctl: 2, baseline: 1 },
    rareWord: { logctl: 10, baseline: 400 },
    phraseCount: { logctl: 20, baseline: 400 },
  },
};

describe("the report of the benchmark", () => {
  test("divides logctl's value by the baseline's", () => {
    const lines = new Map(compare(RESULT).map((line) => [line.label, line.ratio]));
    expect(lines.get("ingest, batches of 1000, 8 connections")).toBe(4);
    expect(lines.get("on disk, settled")).toBe(0.25);
    expect(lines.get("one rare word")).toBe(0.025);
  });

  test("says of each target whether it is met", () => {
    const lines = renderReport(RESULT).split("\n");
    const lineOf = (label: string) => lines.find((line) => line.startsWith(label)) ?? "";
    expect(lineOf("ingest, batches")).toMatch(/400,000 +100,000 +records\/s +4\.000x +>= 3x met$/);
    expect(lineOf("on disk")).toMatch(/<= 0\.15x MISSED$/);
    expect(lineOf("peak memory")).toMatch(/301 .*< 300 MB MISSED$/);
    expect(lineOf("one rare word")).toMatch(/<= 0\.25x met$/);
    expect(lineOf("latest 100")).toEndWith("2.000x");
  });

  test("names the machine and the client's own share", () => {
    const text = renderReport(RESULT);
    expect(text).toContain("a cpu, 2 cores, Linux 6.18, Bun 1.4.5, fsync 0.20 ms, load before 0.10");
    expect(text).toContain("logctl 25 % and 25 %");
  });
});
