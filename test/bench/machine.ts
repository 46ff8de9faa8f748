import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";

export type Machine = {
  cpu: string;
  cores: number;
  bun: string;
  kernel: string;
  /** Of the last minute before the run: well above 0 where others used the cores too. */
  loadAverage: number;
  /** Median time of an fsync after 4 KiB appended, in the folder of the databases: near 0 where that is no disk. */
  fsyncMs: number;
};

const PROBES = 21;

/** What the numbers depend on beside the programs. */
export function describeMachine(folder: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    bun: Bun.version,
    kernel: readFileSync("/proc/sys/kernel/osrelease", "latin1").trim(),
    loadAverage: loadavg()[0] ?? Number.NaN,
    fsyncMs: measureFsyncMs(join(folder, "fsync-probe")),
  };
}

function measureFsyncMs(path: string): number {
  const file = openSync(path, "w");
  const page = new Uint8Array(4096).fill(1);
  const samples = Array.from({ length: PROBES }, () => {
    writeSync(file, page);
    const startedAt = performance.now();
    fsyncSync(file);
    return performance.now() - startedAt;
  });
  closeSync(file);
  return samples.sort((a, b) => a - b)[Math.floor(PROBES / 2)] ?? Number.NaN;
}
