import type { Latencies } from "./latency.ts";
import type { LoadMeasurement } from "./load-phases.ts";
import type { Machine } from "./machine.ts";
import type { SystemName } from "./systems.ts";

/** Everything one run measured: what `--json` prints. Bytes are bytes, times what their names say. */
export type BenchResult = {
  machine: Machine;
  rows: number;
  singles: number;
  seed: number;
  jsonBytesPerRecord: number;
  load: Record<SystemName, LoadMeasurement>;
  peakMemoryBytes: Record<SystemName, number>;
  latencyMs: Latencies;
};

/** What the project wants of logctl: of the ratio to the baseline, or of its own value. */
export type Target = { of: "ratio" | "value"; is: "at least" | "at most"; bound: number; text: string };

export type Line = { label: string; unit: string; logctl: number; baseline: number; ratio: number; target?: Target };

const FASTER: Target = { of: "ratio", is: "at least", bound: 3, text: ">= 3x" };
const SMALLER: Target = { of: "ratio", is: "at most", bound: 0.15, text: "<= 0.15x" };
const QUICKER: Target = { of: "ratio", is: "at most", bound: 0.25, text: "<= 0.25x" };
const MODEST: Target = { of: "value", is: "at most", bound: 300, text: "< 300 MB" };

/** The result as the lines of the table. */
export function compare({ load, peakMemoryBytes, latencyMs }: BenchResult): Line[] {
  const line = (label: string, unit: string, measure: (name: SystemName) => number, target?: Target): Line => {
    const [logctl, baseline] = [measure("logctl"), measure("baseline")];
    return { label, unit, logctl, baseline, ratio: logctl / baseline, ...(target && { target }) };
  };
  return [
    line("ingest, batches of 1000, 8 connections", "records/s", (name) => load[name].batches.recordsPerSecond, FASTER),
    line("ingest, single records, 64 connections", "records/s", (name) => load[name].singles.recordsPerSecond, FASTER),
    line("CPU while loading batches", "s/M records", (name) => load[name].batches.cpuSecondsPerMillion),
    line("CPU while loading single records", "s/M records", (name) => load[name].singles.cpuSecondsPerMillion),
    line("CPU for all, until settled", "s/M records", (name) => load[name].totalCpuSecondsPerMillion),
    line("on disk, settled", "bytes/record", (name) => load[name].bytesPerRecord, SMALLER),
    line("peak memory, load and queries", "MB", (name) => peakMemoryBytes[name] / 1e6, MODEST),
    line("latest 100 of a service", "ms", (name) => latencyMs.latest[name]),
    line("one rare word", "ms", (name) => latencyMs.rareWord[name], QUICKER),
    line("count of a phrase", "ms", (name) => latencyMs.phraseCount[name]),
  ];
}

export function meetsTarget({ logctl, ratio }: Line, { of, is, bound }: Target): boolean {
  const measured = of === "ratio" ? ratio : logctl;
  return is === "at least" ? measured >= bound : measured <= bound;
}

/** Three digits that count, and no more of them than there are. */
function formatNumber(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

function formatRow(line: Line): string[] {
  const { label, unit, logctl, baseline, ratio, target } = line;
  const verdict = target === undefined ? "" : `${target.text} ${meetsTarget(line, target) ? "met" : "MISSED"}`;
  return [label, formatNumber(logctl), formatNumber(baseline), unit, `${ratio.toFixed(ratio < 10 ? 3 : 1)}x`, verdict];
}

/** The table for people, with what one must know to read it. */
export function renderReport(result: BenchResult): string {
  const { machine, load } = result;
  const rows = [["", "logctl", "baseline", "", "ratio", "target"], ...compare(result).map(formatRow)];
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  const isNumber = (column: number) => column === 1 || column === 2 || column === 4;
  const table = rows.map((row) =>
    row
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const client = (["logctl", "baseline"] as const).map((name) => {
    const share = ({ clientCpuSeconds, seconds }: LoadMeasurement["batches"]) =>
      `${Math.round((clientCpuSeconds / seconds) * 100)} %`;
    return `${name} ${share(load[name].batches)} and ${share(load[name].singles)}`;
  });
  return [
    `${result.rows.toLocaleString("en-US")} records in batches, then ${result.singles.toLocaleString("en-US")} one by one;` +
      ` ${result.jsonBytesPerRecord.toFixed(0)} bytes of JSON each`,
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Bun ${machine.bun}, fsync ${machine.fsyncMs.toFixed(2)} ms,` +
      ` load before ${machine.loadAverage.toFixed(2)}`,
    "",
    ...table,
    "",
    `Load client, of one core, batches and single records: ${client.join(", ")}. It shares the cores with the server.`,
    "Each load starts with the server at rest. On disk: all files of the running server, 2 s after the last change.",
    "Latency: median of 9 after 2 warm-ups, the systems asked in turn by one client.",
    "Baseline: Bun.serve and one SQLite table with 4 indexes, WAL, synchronous=FULL, a transaction a request, LIKE; run by the same Bun.",
    "",
  ].join("\n");
}
