import { rmSync } from "node:fs";
import { join } from "node:path";
import { formatNumber } from "./align-columns.ts";
import { askCollector } from "./ask-collector.ts";
import { folderForRecords } from "./disk.ts";
import { runLoad } from "./http-load.ts";
import { measureLatencies } from "./latency.ts";
import { BATCH_CONNECTIONS, runPhase, type Watchers } from "./load-phases.ts";
import type { Asker } from "./questions.ts";
import { sliceRequests } from "./request-source.ts";
import { bytesOnDisk, settle } from "./settle.ts";
import { countRecords, createToken, startSystem } from "./systems.ts";
import { BATCH_ROWS, writeWorkload } from "./workload.ts";
import type { Workplace } from "./workplace.ts";

/** logctl with so many records in it, settled: how fast it takes another window of them, and how fast it answers. */
type Stage = { records: number; recordsPerSecond: number; rareWordMs: number; latestMs: number };

export type Growth = {
  /** Records of a window, and the rate of each one, in turn. */
  windowRecords: number;
  windowRates: number[];
  /** After the first window, and after ten. */
  small: Stage;
  large: Stage;
  peakMemoryBytes: number;
  bytesPerRecord: number;
};

const WINDOWS = 10;

/**
 * Loads eleven windows into a logctl of its own: the first; the second once it has settled and answered; eight without a
 * pause; and again one once it has settled and answered. The rare word is in the first window only.
 */
export async function measureGrowth(workplace: Workplace, rows: number, watchers: Watchers): Promise<Growth> {
  const { progress } = watchers;
  const folder = join(workplace.folder, "growth");
  const token = await createToken(folder);
  const batches = Math.ceil(rows / BATCH_ROWS);
  const windowRecords = batches * BATCH_ROWS;

  const allRecords = windowRecords * (WINDOWS + 1);
  progress(`making ${allRecords} records`);
  const path = join(workplace.addFolder(folderForRecords(allRecords)), "growth.ndjson");
  const workload = writeWorkload(path, allRecords, token, { rareRows: windowRecords, singles: 0 });
  const system = await startSystem("logctl", folder, token, workplace.track);
  const { ask } = await askCollector(system, workload.expected);
  const { rareWord, latestOfService } = ask;
  if (rareWord === undefined || latestOfService === undefined) throw new Error("logctl cannot be asked what grows");
  const asker: Asker = { name: "logctl", ask: { rareWord, latestOfService } };
  const windowRates: number[] = [];
  const window = (number: number) => sliceRequests(workload.batches, number * batches, (number + 1) * batches);

  async function runStage(): Promise<Stage> {
    const records = windowRates.length * windowRecords;
    const latencies = await measureLatencies([asker], workload.expected, progress, (_, question, why) => {
      throw new Error(`logctl has no answer to ${question}: ${why}`);
    });
    const { recordsPerSecond } = await runPhase(system, BATCH_CONNECTIONS, window(windowRates.length), watchers);
    windowRates.push(recordsPerSecond);
    const { rareWord: rare, latestOfService: latest } = latencies;
    return { records, recordsPerSecond, rareWordMs: rare.logctl ?? Number.NaN, latestMs: latest.logctl ?? Number.NaN };
  }

  windowRates.push((await runPhase(system, BATCH_CONNECTIONS, window(0), watchers)).recordsPerSecond);
  const small = await runStage();
  while (windowRates.length < WINDOWS) {
    const { records, seconds } = await runLoad(system.server.port, BATCH_CONNECTIONS, window(windowRates.length));
    windowRates.push(records / seconds);
    progress(`logctl: ${formatNumber(records / seconds)} records/s with ${windowRates.length} windows loaded`);
  }
  await settle(system);
  const large = await runStage();
  const stored = await countRecords(system);
  if (stored !== workload.expected.records)
    throw new Error(`logctl has ${stored} records, sent were ${workload.expected.records}`);
  workload.close();
  rmSync(path);
  return {
    windowRecords,
    windowRates,
    small,
    large,
    peakMemoryBytes: system.server.peakMemoryBytes(),
    bytesPerRecord: bytesOnDisk(folder) / stored,
  };
}

export function renderGrowth({ windowRecords, windowRates, small, large, peakMemoryBytes, bytesPerRecord }: Growth): string {
  const stage = ({ records, recordsPerSecond, rareWordMs, latestMs }: Stage) =>
    `With ${records.toLocaleString("en-US")} stored and settled: ${formatNumber(recordsPerSecond)} records/s for the next window, ` +
    `one rare word ${formatNumber(rareWordMs)} ms, latest 100 of a service ${formatNumber(latestMs)} ms.`;
  return [
    `Growth, in windows of ${windowRecords.toLocaleString("en-US")} records, the third to the tenth without a pause:`,
    `${windowRates.map((rate) => formatNumber(rate)).join(" ")} records/s`,
    stage(small),
    stage(large),
    `In the end ${formatNumber(bytesPerRecord)} bytes/record on disk; peak memory ${formatNumber(peakMemoryBytes / 1e6)} MB.`,
  ].join("\n");
}
