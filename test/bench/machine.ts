import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { probeFsyncs } from "./disk.ts";

export type Machine = {
  cpu: string;
  cores: number;
  bun: string;
  kernel: string;
  /** Of the last minute before the run: well above 0 where others used the cores too. */
  loadAverage: number;
  /** Median time of an fsync after some bytes appended, in the folder of the databases: near 0 where that is no disk. */
  fsyncMs: number;
};

/** What the numbers depend on beside the programs. */
export function describeMachine(folder: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    bun: Bun.version,
    kernel: readFileSync("/proc/sys/kernel/osrelease", "latin1").trim(),
    loadAverage: loadavg()[0] ?? Number.NaN,
    fsyncMs: probeFsyncs(folder).middle,
  };
}
