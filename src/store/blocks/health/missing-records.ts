import type { Database } from "bun:sqlite";
import { droppedRecordId, lastBlockId, newestRecordId } from "../block/block-catalog.ts";
import { explainDamage } from "../file/check-file.ts";
import { isOurs, openForReading } from "../file/database.ts";
import { readLastRecord } from "../file/last-record.ts";
import { isCorruption } from "../sqlite/sqlite-errors.ts";
import { checkOrigin } from "../wal/check-origin.ts";
import { checkWal } from "../wal/check-wal.ts";
import { walBytes } from "../wal/wal.ts";
import { walDamaged } from "../wal/wal-damaged.ts";

/** Records that were on disk, and are not in the database; ids, both ends included. */
export type MissingRecords = { firstId: number; lastId: number };

/** Which records are missing at the end; undefined where none is. */
export function findMissing(database: Database, path: string): MissingRecords | undefined {
  const lastId = readLastRecord(path);
  const newestId = Math.max(newestRecordId(database), droppedRecordId(database));
  return lastId > newestId ? { firstId: newestId + 1, lastId } : undefined;
}

/**
 * Looks, before a database is opened, whether what a collector left that did not end well can be trusted: the first commit,
 * and even closing it, would overwrite what SQLite cannot read of a damaged write-ahead log, and pages of the database with
 * older ones from before the damage, or those of another database. Throws `database_damaged`, or `database_unusable`, and has
 * changed nothing.
 */
export function checkLeftovers(path: string): void {
  if (walBytes(path) === 0) return;
  checkWal(path);
  checkOrigin(path);
  using database = openForReading(path);
  const missing = readLeftovers(database, path);
  if (missing !== undefined)
    throw walDamaged(
      path,
      `${describeRecords(missing)} stored and cannot be found, so its write-ahead log is damaged, or cut short`,
    );
}

function readLeftovers(database: Database, path: string): MissingRecords | undefined {
  try {
    if (!isOurs(database, path)) {
      const lastId = readLastRecord(path);
      return lastId === 0 ? undefined : { firstId: 1, lastId };
    }
    // Every page of what is known of the blocks is read by this.
    lastBlockId(database);
    return findMissing(database, path);
  } catch (error) {
    throw isCorruption(error) ? explainDamage(path, error as Error) : error;
  }
}

/** For people. */
export function describeMissing(missing: MissingRecords): string {
  return `${describeRecords(missing)} stored and cannot be found any more: the write-ahead log was taken away, or an older copy of the database was put in its place. Their ids are not given again`;
}

function describeRecords({ firstId, lastId }: MissingRecords): string {
  return firstId === lastId ? `record ${firstId} was` : `records ${firstId} to ${lastId} were`;
}
