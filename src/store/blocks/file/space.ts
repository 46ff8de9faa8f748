import type { Database } from "bun:sqlite";
import { readPragma, withBusyTimeout } from "../sqlite/pragma.ts";
import { stampCommit } from "../wal/stamp.ts";

/** Pages that one call gives back at most, so that whoever wants to write waits a moment at most. */
const PAGES_AT_A_TIME = 1000;

/**
 * Takes what is in the WAL into the database and gives pages that hold nothing any more back to the file system, no more
 * than `maxPages`, for which the disk needs room first; says whether there are more. Waits for nobody: what a reader still
 * needs stays.
 */
export function giveSpaceBack(database: Database, maxPages: number): boolean {
  takeLogInto(database);
  vacuumPages(database, Math.min(maxPages, PAGES_AT_A_TIME));
  takeLogInto(database);
  return readPragma(database, "freelist_count") > 0;
}

/** Takes what is in the WAL into the database, as far as that needs to wait for nobody, and makes the WAL short where all is. */
export function takeLogInto(database: Database): void {
  withBusyTimeout(database, 0, () => database.run("PRAGMA wal_checkpoint(TRUNCATE)"));
}

/** What the database takes without its WAL. Free pages are part of the file, and used again. */
export type Space = { pages: number; freePages: number; pageBytes: number; usedBytes: number };

export function measureSpace(database: Database): Space {
  const [pages, freePages] = [readPragma(database, "page_count"), readPragma(database, "freelist_count")];
  const pageBytes = readPragma(database, "page_size");
  return { pages, freePages, pageBytes, usedBytes: (pages - freePages) * pageBytes };
}

/** Takes so many free pages off the file, which becomes shorter once the WAL is taken into it. Waits for no other process. */
export function vacuumPages(database: Database, pages: number): void {
  if (pages <= 0 || readPragma(database, "freelist_count") === 0) return;
  const vacuum = database.transaction(() => {
    database.run(`PRAGMA incremental_vacuum(${pages})`);
    stampCommit(database);
  });
  withBusyTimeout(database, 0, vacuum.immediate);
}
