import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { withBusyTimeout } from "../sqlite/pragma.ts";

/**
 * SQLite takes the WAL into the file with every 1000 pages, and starts it anew when nobody reads in it; but the file stays as
 * long as it ever was, while a backup perhaps held it, until there is a quiet second, of which there may be none.
 */
const LONG_WAL_BYTES = 32 * 1024 * 1024;
/** Readers are waited for so long, which is felt by who writes: therefore no more often than this. */
const WAIT_MS = 100;
const RETRY_AFTER_MS = 5000;

export function walBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** To be called after commits: makes the WAL short where it is long and its readers let it. */
export function createWalKeeper(path: string): (database: Database) => void {
  let triedAtMs = Number.NEGATIVE_INFINITY;
  return (database) => {
    if (walBytes(path) < LONG_WAL_BYTES) return;
    const now = performance.now();
    if (now - triedAtMs < RETRY_AFTER_MS) return;
    triedAtMs = now;
    withBusyTimeout(database, WAIT_MS, () => database.run("PRAGMA wal_checkpoint(TRUNCATE)"));
  };
}
