import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";

/**
 * SQLite takes the WAL into the file with every 1000 pages, but starts it anew only in a moment in which nobody reads: with
 * many readers it would grow for ever. So long, it is worth waiting for such a moment.
 */
const LONG_WAL_BYTES = 32 * 1024 * 1024;
const WAIT_MS = 100;

export function walBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** To be called after commits: starts the WAL anew where it is long. Where readers did not let it, it tries again once it is longer. */
export function createWalKeeper(path: string): (database: Database) => void {
  let limit = LONG_WAL_BYTES;
  return (database) => {
    const bytes = walBytes(path);
    if (bytes < limit) return;
    limit = bytes + LONG_WAL_BYTES;
    const before = database.query<{ timeout: number }, []>("PRAGMA busy_timeout").get()?.timeout ?? 0;
    database.run(`PRAGMA busy_timeout=${WAIT_MS}`);
    try {
      const { busy } = database.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? { busy: 1 };
      if (busy === 0) limit = LONG_WAL_BYTES;
    } finally {
      database.run(`PRAGMA busy_timeout=${before}`);
    }
  };
}
