import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { countLines } from "./count-lines.ts";
import { quoteSql, runSql } from "./duckdb.ts";
import { median } from "./median.ts";
import { type Collector, getAnswer, type System } from "./systems.ts";

const ROUNDS = 3;

export type ExportMeasurement = { seconds: number; addedBytes: number };

/**
 * Times an export of everything: the median of three, and the most memory that the server had resident in any of them
 * beyond what it had before it. Throws when an export has not `records` records.
 */
async function measure(system: System, records: number, exportAll: () => Promise<number>): Promise<ExportMeasurement> {
  const seconds: number[] = [];
  let addedBytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    system.server.forgetPeakMemory();
    const before = system.server.residentBytes();
    const startedAt = performance.now();
    const exported = await exportAll();
    seconds.push((performance.now() - startedAt) / 1000);
    addedBytes = Math.max(addedBytes, system.server.peakMemoryBytes() - before);
    if (exported !== records) throw new Error(`${system.name} exported ${exported} records, not ${records}`);
  }
  return { seconds: median(seconds), addedBytes };
}

/** The whole of logctl as a stream of NDJSON, which the client counts and throws away. */
export function exportLogctl(system: Collector, records: number): Promise<ExportMeasurement> {
  return measure(system, records, async () => {
    const answer = await getAnswer(system, "/logs?limit=all&order=asc", "application/x-ndjson");
    let lines = 0;
    for await (const chunk of answer.body ?? []) lines += countLines(chunk);
    return lines;
  });
}

/** The whole of DuckDB as a file of NDJSON. */
export function exportDuckDb(system: System<"duckdb">, records: number): Promise<ExportMeasurement> {
  const path = join(system.folder, "export.ndjson");
  return measure(system, records, async () => {
    const rows = await runSql(system, `COPY log TO ${quoteSql(path)} (FORMAT json)`);
    if (statSync(path).size === 0) throw new Error("duckdb exported an empty file");
    rmSync(path);
    return Number(rows[0]?.[0]);
  });
}
