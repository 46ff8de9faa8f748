import { readFileSync } from "node:fs";

/** What a process has had of the processors, in ticks of a hundredth of a second. */
export function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(" ");
  return Number(fields[13]) + Number(fields[14]);
}
