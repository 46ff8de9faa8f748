import { type LoadResult, runLoad } from "./http-load.ts";
import { bytesOnDisk, settle } from "./settle.ts";
import { countRecords, type System } from "./systems.ts";
import type { LoadRequest, Workload } from "./workload.ts";

export const BATCH_CONNECTIONS = 8;
export const SINGLE_CONNECTIONS = 64;

export type PhaseResult = LoadResult & {
  recordsPerSecond: number;
  /** CPU time of the server from the first request to the last answer, for a million records. */
  cpuSecondsPerMillion: number;
};

export type LoadMeasurement = {
  batches: PhaseResult;
  singles: PhaseResult;
  /** CPU time of the server from the first request until it had settled after the last, for a million records. */
  totalCpuSecondsPerMillion: number;
  bytesPerRecord: number;
};

/** Loads a system: batches, a rest, single records, a rest. Throws when it then has not exactly what was sent. */
export async function loadSystem(system: System, workload: Workload, progress: (text: string) => void): Promise<LoadMeasurement> {
  const { server } = system;
  const cpuBefore = server.cpuSeconds();

  async function runPhase(connections: number, requests: readonly LoadRequest[]): Promise<PhaseResult> {
    const cpuAtStart = server.cpuSeconds();
    const result = await runLoad(server.port, connections, requests);
    const cpuSeconds = server.cpuSeconds() - cpuAtStart;
    const recordsPerSecond = result.records / result.seconds;
    progress(`${system.name}: ${result.records} records in ${result.seconds.toFixed(2)} s on ${connections} connections`);
    await settle(system);
    return { ...result, recordsPerSecond, cpuSecondsPerMillion: (cpuSeconds / result.records) * 1e6 };
  }

  const batches = await runPhase(BATCH_CONNECTIONS, workload.batches);
  const singles = await runPhase(SINGLE_CONNECTIONS, workload.singles);
  const totalCpuSeconds = server.cpuSeconds() - cpuBefore;
  const bytes = bytesOnDisk(system.folder);
  const count = await countRecords(system);
  if (count !== workload.records) throw new Error(`${system.name} has ${count} records, sent were ${workload.records}`);
  return {
    batches,
    singles,
    totalCpuSecondsPerMillion: (totalCpuSeconds / workload.records) * 1e6,
    bytesPerRecord: bytes / workload.records,
  };
}
