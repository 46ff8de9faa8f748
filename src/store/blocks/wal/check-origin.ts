import { constants, Database } from "bun:sqlite";
import { pathToFileURL } from "node:url";
import { LogctlError } from "../../../errors.ts";
import { isCorruption } from "../sqlite/sqlite-errors.ts";
import { moveAway, walDamaged } from "./wal-damaged.ts";
import { lookAtOrigin, type WalOrigin } from "./wal-origin.ts";

/**
 * Throws where the write-ahead log beside a database must not be taken into it, and has changed nothing then:
 * `database_unusable` where it was written on top of another file, such as the one in whose place a backup was put;
 * `database_damaged` where it lacks what is in the database already, or what the database lacks.
 */
export function checkOrigin(path: string): void {
  const origin = refuseOthers(path);
  if (origin.kind === "short") throw cutShort(path, describeShort(origin));
  if (origin.kind === "unknown" && isDamagedByItsLog(path)) throw foreignLog(path);
}

/** The same but for a database that is cut short, and a log that does not say whose it is: in these there is something to see. */
export function refuseOthers(path: string): WalOrigin {
  const origin = lookAtOrigin(path);
  if (origin.kind === "foreign") throw foreignLog(path);
  if (origin.kind === "behind")
    throw walDamaged(path, "its write-ahead log ends before what is in it already: the log was cut short, or is an older one");
  return origin;
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

function foreignLog(path: string): LogctlError {
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
