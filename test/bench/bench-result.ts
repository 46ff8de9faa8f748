import type { Part } from "./breakdown.ts";
import type { Growth } from "./growth.ts";
import type { Machine } from "./machine.ts";
import type { MeasureName, Values } from "./measures.ts";
import type { SystemName } from "./systems.ts";

/** What could not be measured, and why: one question, or without a `measure` the whole system. */
export type Gap = { system: SystemName; measure?: MeasureName; why: string };

/** Everything one run measured: what `--json` prints. Bytes are bytes, times what their names say. */
export type BenchResult = {
  machine: Machine;
  systems: readonly SystemName[];
  rows: number;
  singles: number;
  seed: number;
  /** Of the file of all records, line ends included. */
  fileBytes: number;
  /** In the units of MEASURES. */
  values: Partial<Record<MeasureName, Values>>;
  gaps: Gap[];
  /** The systems whose load began with slow fsyncs, however long they were waited for. */
  busyDisk: SystemName[];
  /** Of one core, by the client, while it posted batches and single records. */
  clientShares: Partial<Record<SystemName, [batches: number, singles: number]>>;
  yardstick?: { sampleBytes: number; ofBytes: number };
  growth?: Growth;
  breakdown?: Part[];
};
