import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Times of an fsync after some bytes appended, in ms: of the quickest tenth at most, of the middle one, of the slowest tenth at least. */
export type FsyncTimes = { low: number; middle: number; high: number };

const PROBES = 100;
const PROBE_BYTES = 16 * 1024;

export function probeFsyncs(folder: string): FsyncTimes {
  const path = join(folder, "fsync-probe");
  const file = openSync(path, "w");
  const bytes = new Uint8Array(PROBE_BYTES).fill(1);
  const samples = Array.from({ length: PROBES }, () => {
    writeSync(file, bytes);
    const startedAt = performance.now();
    fsyncSync(file);
    return performance.now() - startedAt;
  });
  closeSync(file);
  rmSync(path);
  samples.sort((a, b) => a - b);
  const at = (share: number) => samples[Math.floor(PROBES * share)] ?? Number.NaN;
  return { low: at(0.1), middle: at(0.5), high: at(0.9) };
}

/** Nine fsyncs of ten take at most so many times what the quickest took at any time of the run. */
const QUIET_FACTOR = 3;
const PAUSE_MS = 1000;
const GIVE_UP_MS = 20_000;

/** Waits for a quiet disk, and says whether it got one. */
export type DiskWatch = () => Promise<boolean>;

/**
 * A watch that waits until fsyncs are about as quick as it ever saw them: after much was written a virtual disk can make
 * them ten times slower for a while, which whoever is measured next would pay for.
 */
export function createDiskWatch(probe: () => FsyncTimes, sleep: (ms: number) => Promise<void> = Bun.sleep): DiskWatch {
  let quickestMs = Number.POSITIVE_INFINITY;
  return async () => {
    for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
      const { low, high } = probe();
      quickestMs = Math.min(quickestMs, low);
      if (high <= quickestMs * QUIET_FACTOR) return true;
      if (waitedMs >= GIVE_UP_MS) return false;
      await sleep(PAUSE_MS);
    }
  };
}

const MEMORY_FOLDER = "/dev/shm";
/** About what a record takes in the file of all records; twice that must be free. */
const BYTES_PER_RECORD = 240;

/** Where the file of all records goes: into memory where there is room, so that writing it does not slow the disk that is measured. */
export function folderForRecords(records: number): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    return bavail * bsize > records * BYTES_PER_RECORD * 2 ? MEMORY_FOLDER : tmpdir();
  } catch {
    // There is no such folder.
    return tmpdir();
  }
}
