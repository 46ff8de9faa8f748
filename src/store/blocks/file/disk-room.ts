import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { LogctlError } from "../../../errors.ts";
import type { Space } from "./space.ts";

/** What is kept free where nobody says otherwise: so much, or on a small disk this part of it. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const MIN_FREE_PART = 1 / 16;
/** So long after which somebody may have made room. */
const RETRY_AFTER_S = 10;

/** What may still be written to the disk that a database is on, in bytes; nothing where its folder is gone. */
export function freeDiskBytes(databasePath: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(databasePath));
    return bavail * bsize;
  } catch {
    return 0;
  }
}

export function defaultMinFreeBytes(databasePath: string): number {
  const { blocks, bsize } = statfsSync(dirname(databasePath));
  return Math.min(MIN_FREE_BYTES, Math.floor(blocks * bsize * MIN_FREE_PART));
}

/**
 * Throws `disk_full` where writing `bytes` would leave less than `minFreeBytes` of the disk. They are written twice: into
 * the WAL, and from there into the file, which has to grow by what does not fit into its free pages, and by what the WAL
 * holds already.
 */
export function requireRoom(path: string, minFreeBytes: number, bytes: number, measure: () => Space): void {
  const free = freeDiskBytes(path);
  // Most of the time there is so much room that it need not be reckoned.
  if (free >= minFreeBytes + 2 * bytes + MIN_FREE_BYTES) return;
  const { pages, freePages, pageBytes } = measure();
  const owed = Math.max(0, pages * pageBytes - statSync(path).size);
  const growth = Math.max(0, bytes - freePages * pageBytes);
  const needed = minFreeBytes + owed + bytes + growth;
  if (free < needed) throw diskFull(free, needed);
}

/** Each page that is taken off a file's end may have another one moved, and the pages that point to it changed, in the WAL first. */
const WRITES_A_PAGE = 4;
const LEAST_PAGES = 8;

/** How many free pages may be taken off the file at a time. */
export function pagesWithRoom(path: string, pageBytes: number): number {
  return Math.max(LEAST_PAGES, Math.floor(freeDiskBytes(path) / (WRITES_A_PAGE * pageBytes)));
}

/** `neededBytes` is what has to stay free, and what is to be written beside it. */
export function diskFull(freeBytes: number, neededBytes: number): LogctlError {
  return new LogctlError(
    "disk_full",
    `the disk is full: ${inMegabytes(freeBytes)} are free, less than the ${inMegabytes(neededBytes)} that are needed; nothing is written until there is room`,
    { retryAfterS: RETRY_AFTER_S },
  );
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
