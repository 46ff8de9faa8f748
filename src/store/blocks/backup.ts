import { Database } from "bun:sqlite";
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { LogctlError } from "../../errors.ts";
import { checkFile, explainDamage } from "./file/check-file.ts";
import { isOurs, openForReading } from "./file/database.ts";
import { checkLeftovers, describeMissing, findMissing } from "./health/missing-records.ts";
import { isCorruption } from "./sqlite/sqlite-errors.ts";
import { renewStamp } from "./wal/stamp.ts";

/** `missing`: for people, which records were on disk, and are not in the database any more, so that they are not in the copy either. */
export type Backup = { bytes: number; missing: string | undefined };

/**
 * Copies a database as it is at one moment, also while a collector writes to it, to a file of its own that only its owner may
 * read; on disk when it returns. Everything is in it: records, receipts and tokens. Memory stays flat, however large it is.
 * Throws `usage` where there is a file at `target` already, or a log beside it, which stay as they are, and `database_unusable`,
 * `database_damaged` or `backup_failed` where it cannot be done; then there is no file at `target`.
 */
export function backUp(path: string, target: string): Backup {
  checkFile(path);
  checkLeftovers(path);
  using database = openForReading(path);
  // It forbids the copying as well, though nothing of the database itself is changed.
  database.run("PRAGMA query_only=OFF");
  makeTarget(target);
  try {
    if (!isOurs(database, path))
      throw new LogctlError("database_unusable", `the database '${path}' is empty: no collector has written to it`);
    const missing = findMissing(database, path);
    database.query("VACUUM INTO ?").run(target);
    makeItsOwn(target);
    sync(target);
    sync(dirname(target));
    return { bytes: statSync(target).size, missing: missing && describeMissing(missing) };
  } catch (error) {
    for (const file of [target, `${target}-journal`]) rmSync(file, { force: true });
    if (error instanceof LogctlError) throw error;
    if (isCorruption(error)) throw explainDamage(path, error as Error);
    throw failed(target, error);
  }
}

/** Before SQLite writes to it, so that nobody else can read it for even a moment, and no file that exists is written over. */
function makeTarget(target: string): void {
  // SQLite would delete them, or take them into the copy: they are all that is left of another database.
  for (const left of [`${target}-wal`, `${target}-journal`]) if (existsSync(left)) throw isThere(left);
  try {
    closeSync(openSync(target, "ax", 0o600));
  } catch (error) {
    throw (error as { code?: string }).code === "EEXIST" ? isThere(target) : failed(target, error);
  }
}

function isThere(file: string): LogctlError {
  return new LogctlError("usage", `there is a file '${file}' already; name another one for the backup`);
}

/** Its pages are not where those of the database are: a log of that one would destroy it. */
function makeItsOwn(target: string): void {
  using copy = new Database(target, { strict: true });
  copy.run("PRAGMA journal_mode=MEMORY");
  copy.run("PRAGMA synchronous=OFF");
  renewStamp(copy);
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function failed(target: string, cause: unknown): LogctlError {
  return new LogctlError("backup_failed", `the backup '${target}' cannot be written: ${(cause as Error).message}`, { cause });
}
