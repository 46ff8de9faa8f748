import type { DiskWatch } from "./disk.ts";
import { type LoadResult, runLoad } from "./http-load.ts";
import type { RequestSource } from "./request-source.ts";
import { bytesOnDisk, settle } from "./settle.ts";
import { type Collector, countRecords } from "./systems.ts";
import type { Workload } from "./workload.ts";

export const BATCH_CONNECTIONS = 8;
const SINGLE_CONNECTIONS = 64;

export type PhaseResult = LoadResult & {
  recordsPerSecond: number;
  /** False where fsyncs were slow when it began. */
  quietDisk: boolean;
  /** CPU time of the server from the first request until it had settled after the last, in us a record. */
  cpuMicros: number;
};

export type LoadMeasurement = { batches: PhaseResult; singles: PhaseResult; bytesPerRecord: number };

export type Watchers = { progress: (text: string) => void; waitForDisk: DiskWatch };

/** Waits for a quiet disk, posts all requests, then waits until the system has settled. */
export async function runPhase(
  system: Collector,
  connections: number,
  requests: RequestSource,
  { progress, waitForDisk }: Watchers,
): Promise<PhaseResult> {
  const { name, server } = system;
  const quietDisk = await waitForDisk();
  const cpuAtStart = server.cpuSeconds();
  const result = await runLoad(server.port, connections, requests);
  progress(`${name}: ${result.records} records in ${result.seconds.toFixed(2)} s on ${connections} connections`);
  await settle(system);
  const cpuSeconds = server.cpuSeconds() - cpuAtStart;
  return {
    ...result,
    quietDisk,
    recordsPerSecond: result.records / result.seconds,
    cpuMicros: (cpuSeconds / result.records) * 1e6,
  };
}

/** Loads a system: batches, a rest, single records, a rest. Throws when it then has not exactly what was sent. */
export async function loadCollector(system: Collector, workload: Workload, watchers: Watchers): Promise<LoadMeasurement> {
  const batches = await runPhase(system, BATCH_CONNECTIONS, workload.batches, watchers);
  const singles = await runPhase(system, SINGLE_CONNECTIONS, workload.singles, watchers);
  const bytes = bytesOnDisk(system.folder);
  const count = await countRecords(system);
  const { records } = workload.expected;
  if (count !== records) throw new Error(`${system.name} has ${count} records, sent were ${records}`);
  return { batches, singles, bytesPerRecord: bytes / records };
}
