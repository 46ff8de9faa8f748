import type { QuestionName } from "./questions.ts";
import type { SystemName } from "./systems.ts";

/** One value for each system that has it. */
export type Values = Partial<Record<SystemName, number>>;

/** What the project wants: of logctl's value, or of its ratio to the system named. */
export type Target = { is: "at least" | "at most"; bound: number; of: "value" | "ratio" };

/** A row of the report. `against` is the system that logctl is divided by. */
export type Measure = { label: string; unit: string; against?: SystemName; target?: Target };

const atLeast = (bound: number): Target => ({ is: "at least", bound, of: "value" });
const atMost = (bound: number): Target => ({ is: "at most", bound, of: "value" });
const ratioAtMost = (bound: number): Target => ({ is: "at most", bound, of: "ratio" });

const OTHER_MEASURES = {
  ingestBatches: {
    label: "ingest, 1000 a request, 8 connections",
    unit: "records/s",
    against: "sqlite",
    target: atLeast(400_000),
  },
  ingestSingles: {
    label: "ingest, one a request, 64 connections",
    unit: "records/s",
    against: "sqlite",
    target: atLeast(12_000),
  },
  loadFile: { label: "load of the file in one go", unit: "records/s" },
  cpuBatches: { label: "CPU, 1000 a request, until settled", unit: "us/record", against: "sqlite", target: atMost(2.5) },
  cpuSingles: { label: "CPU, one a request, until settled", unit: "us/record", against: "sqlite" },
  disk: { label: "on disk, settled", unit: "bytes/record", against: "zstd", target: ratioAtMost(0.65) },
  exportSeconds: { label: "export of all as NDJSON", unit: "s", against: "duckdb" },
  exportMemory: { label: "memory the export adds at most", unit: "MB", target: atMost(100) },
  peakMemory: { label: "peak memory, load and questions", unit: "MB", target: atMost(250) },
  growthIngest: { label: "growth: ingest rate", unit: "x", target: atLeast(0.9) },
  growthRareWord: { label: "growth: one rare word", unit: "x", target: atMost(2) },
  growthLatest: { label: "growth: latest 100 of a service", unit: "x", target: atMost(2) },
} as const satisfies Record<string, Measure>;

const QUESTION_MEASURES: Record<QuestionName, Measure> = {
  substring: { label: "count of a substring found nowhere", unit: "ms", against: "ripgrep", target: ratioAtMost(0.3) },
  phrase: { label: "count of a phrase", unit: "ms", against: "ripgrep", target: ratioAtMost(0.5) },
  regex: { label: "count of a regular expression", unit: "ms", against: "ripgrep", target: ratioAtMost(0.7) },
  rareWord: { label: "one rare word", unit: "ms", against: "ripgrep", target: atMost(15) },
  bySeverity: { label: "count by severity", unit: "ms", against: "duckdb", target: ratioAtMost(1) },
  byMinute: { label: "count per minute", unit: "ms", against: "duckdb", target: ratioAtMost(0.5) },
  latestOfService: { label: "latest 100 of a service", unit: "ms", against: "sqlite", target: atMost(5) },
  latestErrors: { label: "latest 100 errors", unit: "ms", against: "sqlite" },
  attribute: { label: "all with one user_id", unit: "ms", against: "duckdb" },
};

const { exportSeconds, exportMemory, peakMemory, growthIngest, growthRareWord, growthLatest, ...LOAD_MEASURES } = OTHER_MEASURES;

export type MeasureName = keyof typeof OTHER_MEASURES | QuestionName;

/** Every row, in the order of the report. */
export const MEASURES: Record<MeasureName, Measure> = {
  ...LOAD_MEASURES,
  ...QUESTION_MEASURES,
  exportSeconds,
  exportMemory,
  peakMemory,
  growthIngest,
  growthRareWord,
  growthLatest,
};
