import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { System } from "./systems.ts";

const POLL_MS = 100;
/** At rest: no file changed for so long, and the process took no more than QUIET_CPU_SECONDS. */
const QUIET_MS = 2000;
const QUIET_CPU_SECONDS = 0.04;
const GIVE_UP_MS = 300_000;

/** Bytes of all files of a system's folder: database, WAL, shared memory, and whatever else it keeps. */
export function bytesOnDisk(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

function lastChangeMs(folder: string): number {
  return Math.max(
    ...readdirSync(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now()),
  );
}

/** Waits until a system has done what it does after its last answer, such as compaction. */
export async function settle({ name, folder, server }: System): Promise<void> {
  const startedAt = performance.now();
  let quietSince = startedAt;
  let seen = "";
  let cpu = server.cpuSeconds();
  while (performance.now() - quietSince < QUIET_MS) {
    if (performance.now() - startedAt > GIVE_UP_MS) throw new Error(`${name} does not come to rest`);
    await Bun.sleep(POLL_MS);
    const now = `${bytesOnDisk(folder)} ${lastChangeMs(folder)}`;
    if (now === seen && server.cpuSeconds() - cpu <= QUIET_CPU_SECONDS) continue;
    seen = now;
    cpu = server.cpuSeconds();
    quietSince = performance.now();
  }
}
