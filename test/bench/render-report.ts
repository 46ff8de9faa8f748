import { alignColumns, formatNumber } from "./align-columns.ts";
import type { BenchResult } from "./bench-result.ts";
import { renderBreakdown } from "./breakdown.ts";
import { compare, type Line } from "./compare.ts";
import { renderGrowth } from "./growth.ts";
import { SAMPLES, SLOW_SAMPLES, WARMUPS } from "./latency.ts";
import { MEASURES } from "./measures.ts";
import { SYSTEM_NAMES, type SystemName } from "./systems.ts";

/** What one must know of each system to read its column. */
const SYSTEM_NOTES: Partial<Record<SystemName, string>> = {
  ripgrep: "ripgrep: on the file of all records, which is its size on disk; a process for each question; latest with tac.",
  sqlite:
    "sqlite: Bun.serve and one table with 4 indexes, WAL, synchronous=FULL, a transaction a request, LIKE; run by the same Bun.",
  fts5: "fts5: the same with a full-text index in the same transaction; asked only where that makes a difference.",
  duckdb:
    "duckdb: loads the file, nothing is fsynced on the way; a file, checkpointed, 2 threads, attributes as JSON, a process of its own.",
};

/** The report for people: the table, with what one must know to read it. */
export function renderReport(result: BenchResult): string {
  const { machine, rows, singles, fileBytes } = result;
  const bytesEach = fileBytes / (rows + singles) - 1;
  return [
    `${count(rows)} records in batches, then ${count(singles)} one by one; ${bytesEach.toFixed(0)} bytes of JSON each`,
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Bun ${machine.bun}, fsync ${machine.fsyncMs.toFixed(2)} ms,` +
      ` load before ${machine.loadAverage.toFixed(2)}`,
    "",
    renderTable(result),
    "",
    ...notesOf(result),
    ...(result.growth ? ["", renderGrowth(result.growth)] : []),
    ...(result.breakdown ? ["", renderBreakdown(result.breakdown, rows + singles)] : []),
    "",
  ].join("\n");
}

function renderTable(result: BenchResult): string {
  const systems = SYSTEM_NAMES.filter((name) => result.systems.includes(name));
  const rows = compare(result).map((line) => [
    line.label,
    line.unit,
    ...systems.map((system) => formatValue(result, line, system)),
    line.ratio === undefined ? "" : `${line.ratio.toFixed(line.ratio < 10 ? 3 : 1)}x ${line.against}`,
    formatTarget(line),
  ]);
  return alignColumns([["", "", ...systems, "ratio", "target"], ...rows], (column) => column >= 2 && column < 2 + systems.length);
}

function formatValue({ gaps }: BenchResult, { name, values }: Line, system: SystemName): string {
  const value = values[system];
  if (value !== undefined) return formatNumber(value);
  return gaps.some((gap) => gap.system === system && gap.measure === name) ? "n/a" : "";
}

function formatTarget({ target, against, met }: Line): string {
  if (target === undefined) return "";
  const bound = `${target.is === "at least" ? ">=" : "<="} ${target.bound.toLocaleString("en-US")}`;
  const verdict = met === undefined ? "not measured" : met ? "met" : "MISSED";
  return `${bound}${target.of === "ratio" ? `x ${against}` : ""} ${verdict}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function notesOf({ systems, gaps, busyDisk, clientShares, yardstick }: BenchResult): string[] {
  const shares = Object.entries(clientShares).map(
    ([name, [batches, ones]]) => `${name} ${percent(batches)} and ${percent(ones)}`,
  );
  const notes = [
    "Each load starts with the server and the disk at rest. Settled, and on disk: all files of the running server, 2 s after the last change.",
    `Questions: warm, median of ${SAMPLES} after ${WARMUPS} warm-ups (${SLOW_SAMPLES} where one takes over 2 s), the systems asked in turn, every answer checked.`,
  ];
  if (shares.length > 0) {
    notes.push(`Load client, of one core, batches and one by one: ${shares.join(", ")}. It shares the cores with the server.`);
  }
  if (busyDisk.length > 0) notes.push(`The disk was busy with something else when the load began of: ${busyDisk.join(", ")}.`);
  for (const system of systems) notes.push(...(SYSTEM_NOTES[system] ? [SYSTEM_NOTES[system]] : []));
  if (yardstick) {
    const { sampleBytes, ofBytes } = yardstick;
    const what =
      sampleBytes === ofBytes ? "the whole file" : `the first ${mega(sampleBytes)} MB of the file's ${mega(ofBytes)} MB`;
    notes.push(`zstd: level 19, --long=27, on ${what}.`);
  }
  for (const { measure, system, why } of gaps) {
    notes.push(`Not available: ${system}${measure ? `, ${MEASURES[measure].label}` : ""}: ${why}.`);
  }
  return notes;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function mega(bytes: number): string {
  return count(Math.round(bytes / 1e6));
}
