import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { LogctlError } from "../errors.ts";
import { isCorruption } from "./block-damage.ts";
import { lookAtOrigin } from "./wal-origin.ts";

/**
 * Throws `database_unusable` where the write-ahead log beside a database was written on top of another file, such as the one
 * in whose place a backup was put, and `database_damaged` where pages are in neither of the two. Has changed nothing then.
 */
export function checkOrigin(path: string): void {
  const origin = lookAtOrigin(path);
  if (origin.kind === "short") throw cutShort(path, describeShort(origin));
  if (origin.kind === "foreign" || (origin.kind === "unknown" && isDamagedByItsLog(path))) throw foreignLog(path);
}

export function describeShort({ bytes, expectedBytes }: { bytes: number; expectedBytes: number }): string {
  return `it is cut short, ${bytes} of ${expectedBytes} bytes are left`;
}

/** For a log that does not say whose it is: whether a database that is sound by itself is not with the log. Reads all of it. */
function isDamagedByItsLog(path: string): boolean {
  const alone = `${pathToFileURL(path)}?immutable=1`;
  return !isSound(path, constants.SQLITE_OPEN_READONLY) && isSound(alone, constants.SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

/** https://sqlite.org/c3ref/c_open_autoproxy.html */
const SQLITE_OPEN_URI = 0x40;

function isSound(name: string, flags: number): boolean {
  try {
    using database = new Database(name, flags);
    const [row] = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").all();
    return row?.quick_check === "ok";
  } catch (error) {
    if (isCorruption(error)) return false;
    throw error;
  }
}

export function foreignLog(path: string): LogctlError {
  const why = `its write-ahead log '${path}-wal' was written for another database, or for another copy of this one`;
  return new LogctlError(
    "database_unusable",
    `the database '${path}' cannot be opened: ${why}, and would destroy it. Nothing was changed; ${moveAway(path)}`,
  );
}

function cutShort(path: string, why: string): LogctlError {
  return new LogctlError(
    "database_damaged",
    `the database '${path}' is damaged: ${why}, and its write-ahead log does not have the rest. Nothing was changed; put a backup in its place and move '${path}-wal' away`,
  );
}

/** The command by which a database is opened without its write-ahead log, which is kept. */
export function moveAway(path: string): string {
  let target = `${path}-wal.away`;
  for (let number = 2; existsSync(target); number += 1) target = `${path}-wal.away-${number}`;
  return `to start with what is in the database itself: mv ${quote(`${path}-wal`)} ${quote(target)}`;
}

/** For a shell. */
function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
