import { rmSync } from "node:fs";
import { join } from "node:path";
import { askCollector } from "./ask-collector.ts";
import type { BenchOptions } from "./bench-options.ts";
import type { BenchResult, Gap } from "./bench-result.ts";
import { readBreakdown } from "./breakdown.ts";
import { createDiskWatch, folderForRecords, probeFsyncs } from "./disk.ts";
import { askDuckDb, loadDuckDb } from "./duckdb.ts";
import { installDuckDb } from "./duckdb-package.ts";
import { type ExportMeasurement, exportDuckDb, exportLogctl } from "./export.ts";
import { measureGrowth } from "./growth.ts";
import { measureLatencies } from "./latency.ts";
import { loadCollector, type Watchers } from "./load-phases.ts";
import { describeMachine } from "./machine.ts";
import type { MeasureName } from "./measures.ts";
import { NotAvailable } from "./not-available.ts";
import type { Asker } from "./questions.ts";
import { askRipgrep, findRipgrep } from "./ripgrep.ts";
import { bytesOnDisk, settle } from "./settle.ts";
import { COLLECTOR_NAMES, type Collector, createToken, type System, type SystemName, startSystem } from "./systems.ts";
import { SEED, type Workload, writeWorkload } from "./workload.ts";
import type { Workplace } from "./workplace.ts";
import { compressWithZstd } from "./zstd.ts";

/** Runs everything that the options ask for, one thing at a time; throws where a system fails or answers wrongly. */
export async function runBench(
  workplace: Workplace,
  options: BenchOptions,
  progress: (text: string) => void,
): Promise<BenchResult> {
  const { folder } = workplace;
  const machine = describeMachine(folder);
  const gaps: Gap[] = [];
  const others = await findOthers(options, gaps, progress);
  const token = await createToken(join(folder, "logctl"));
  progress(`making ${options.rows} records`);
  const workload = writeWorkload(
    join(workplace.addFolder(folderForRecords(options.rows)), "records.ndjson"),
    options.rows,
    token,
  );
  const result: BenchResult = {
    machine,
    systems: options.systems,
    rows: options.rows,
    singles: workload.singles.requests,
    seed: SEED,
    fileBytes: workload.bytes,
    values: {},
    gaps,
    busyDisk: [],
    clientShares: {},
  };
  const watchers = { progress, waitForDisk: createDiskWatch(() => probeFsyncs(folder)) };
  const run = { workplace, options, progress, watchers, others, token, workload, result };
  const collectors = await loadCollectors(run);
  const duckdb = await loadDuckDbFile(run);
  await askAll(run, collectors, duckdb);
  for (const { name, server } of [...collectors, ...(duckdb ? [duckdb] : [])]) {
    record(run, "peakMemory", name, server.peakMemoryBytes() / 1e6);
  }
  await exportAll(run, collectors, duckdb);
  if (options.breakdown) result.breakdown = readBreakdown(join(folder, "logctl"));
  await workplace.clear();
  if (options.systems.includes("zstd")) {
    progress("compressing with zstd");
    const { bytesPerRecord, ...yardstick } = await compressWithZstd(workload.path, options.fullYardstick);
    record(run, "disk", "zstd", bytesPerRecord);
    result.yardstick = yardstick;
  }
  workload.close();
  rmSync(workload.path);
  if (options.growth) {
    const growth = await measureGrowth(workplace, options.rows, watchers);
    const { small, large } = growth;
    result.growth = growth;
    record(run, "growthIngest", "logctl", large.recordsPerSecond / small.recordsPerSecond);
    record(run, "growthRareWord", "logctl", large.rareWordMs / small.rareWordMs);
    record(run, "growthLatest", "logctl", large.latestMs / small.latestMs);
  }
  return result;
}

type Run = {
  workplace: Workplace;
  options: BenchOptions;
  progress: (text: string) => void;
  watchers: Watchers;
  others: Others;
  token: string;
  workload: Workload;
  result: BenchResult;
};

function record({ result }: Run, measure: MeasureName, system: SystemName, value: number): void {
  result.values[measure] = { ...result.values[measure], [system]: value };
}

/** Where the programs are that logctl is held against, as far as they were asked for and are to be had. */
type Others = { duckDbModule?: string; ripgrep?: string };

/** Looks for them before anything takes long. What is not available is left out, and the report has the reason. */
async function findOthers(options: BenchOptions, gaps: Gap[], progress: (text: string) => void): Promise<Others> {
  async function find(system: SystemName, look: () => string | Promise<string>): Promise<string | undefined> {
    if (!options.systems.includes(system)) return undefined;
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof NotAvailable)) throw error;
      progress(`not available: ${system}: ${error.message}`);
      gaps.push({ system, why: error.message });
      return undefined;
    }
  }
  const ripgrep = await find("ripgrep", findRipgrep);
  const duckDbModule = await find("duckdb", () => installDuckDb(progress));
  return { ...(ripgrep && { ripgrep }), ...(duckDbModule && { duckDbModule }) };
}

async function loadCollectors(run: Run): Promise<Collector[]> {
  const { workplace, options, watchers, token, workload, result } = run;
  const collectors: Collector[] = [];
  for (const name of COLLECTOR_NAMES.filter((collector) => options.systems.includes(collector))) {
    const collector = await startSystem(name, join(workplace.folder, name), token, workplace.track);
    const { batches, singles, bytesPerRecord } = await loadCollector(collector, workload, watchers);
    if (!batches.quietDisk || !singles.quietDisk) result.busyDisk.push(name);
    record(run, "ingestBatches", name, batches.recordsPerSecond);
    record(run, "ingestSingles", name, singles.recordsPerSecond);
    record(run, "cpuBatches", name, batches.cpuMicros);
    record(run, "cpuSingles", name, singles.cpuMicros);
    record(run, "disk", name, bytesPerRecord);
    result.clientShares[name] = [batches.clientCpuSeconds / batches.seconds, singles.clientCpuSeconds / singles.seconds];
    collectors.push(collector);
  }
  return collectors;
}

async function loadDuckDbFile(run: Run): Promise<System<"duckdb"> | undefined> {
  const { workplace, others, token, workload, progress } = run;
  if (others.duckDbModule === undefined) return undefined;
  const duckdb = await startSystem("duckdb", join(workplace.folder, "duckdb"), token, workplace.track, others.duckDbModule);
  const { records } = workload.expected;
  const startedAt = performance.now();
  const loaded = await loadDuckDb(duckdb, workload.path);
  const seconds = (performance.now() - startedAt) / 1000;
  if (loaded !== records) throw new Error(`duckdb has ${loaded} records, not ${records}`);
  progress(`duckdb: ${loaded} records in ${seconds.toFixed(2)} s from the file`);
  await settle(duckdb);
  record(run, "loadFile", "duckdb", records / seconds);
  record(run, "disk", "duckdb", bytesOnDisk(duckdb.folder) / records);
  return duckdb;
}

async function askAll(run: Run, collectors: readonly Collector[], duckdb: System<"duckdb"> | undefined): Promise<void> {
  const { others, workload, result, progress } = run;
  const { expected, path } = workload;
  const askers: Asker[] = [];
  for (const collector of collectors) askers.push(await askCollector(collector, expected));
  if (duckdb !== undefined) askers.push(askDuckDb(duckdb, expected));
  if (others.ripgrep !== undefined) {
    askers.push(askRipgrep(others.ripgrep, path, expected));
    record(run, "disk", "ripgrep", workload.bytes / expected.records);
  }
  const latencies = await measureLatencies(askers, expected, progress, (system, measure, why) => {
    progress(`not available: ${system}: ${why}`);
    result.gaps.push({ system, measure, why });
  });
  Object.assign(result.values, latencies);
}

async function exportAll(run: Run, collectors: readonly Collector[], duckdb: System<"duckdb"> | undefined): Promise<void> {
  const { workload, progress } = run;
  const { records } = workload.expected;
  const keep = (system: SystemName, { seconds, addedBytes }: ExportMeasurement) => {
    record(run, "exportSeconds", system, seconds);
    record(run, "exportMemory", system, addedBytes / 1e6);
  };
  const logctl = collectors.find(({ name }) => name === "logctl");
  progress("exporting everything");
  if (logctl !== undefined) keep("logctl", await exportLogctl(logctl, records));
  if (duckdb !== undefined) keep("duckdb", await exportDuckDb(duckdb, records));
}
