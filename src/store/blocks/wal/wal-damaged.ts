import { existsSync } from "node:fs";
import { LogctlError } from "../../../errors.ts";

/** What to do about a log that cannot be trusted: as it is, it would overwrite newer pages of the database with older ones. */
export function walDamaged(databasePath: string, why: string): LogctlError {
  return new LogctlError(
    "database_damaged",
    `the database '${databasePath}' is damaged: ${why}. Nothing was changed; ${moveAway(databasePath)}, or do so and put a backup in its place`,
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
