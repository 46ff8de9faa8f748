import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { LogctlError } from "../../../errors.ts";
import { convertReceipts } from "../receipt/convert-receipts.ts";
import { RECEIPT_SCHEMA } from "../receipt/receipt-blocks.ts";
import { readPragma } from "../sqlite/pragma.ts";
import { isCorruption } from "../sqlite/sqlite-errors.ts";
import { addStamp, stampCommit } from "../wal/stamp.ts";
import { checkFile, explainDamage } from "./check-file.ts";
import { forgetLastRecord } from "./last-record.ts";
import { keepPrivate, makePrivateFile } from "./private-file.ts";
import { takeLogInto } from "./space.ts";

/** "LgCt": tells our files from other people's SQLite databases. */
const APPLICATION_ID = 0x4c674374;
/** Raised when an older logctl could no longer read the file: 2 has checksums, 3 dense blocks with phrases, 4 receipts in blocks. */
const SCHEMA_VERSION = 4;

const SCHEMA = `
CREATE TABLE block (
  first_id INTEGER PRIMARY KEY,
  id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  timestamp_min INTEGER NOT NULL,
  timestamp_max INTEGER NOT NULL,
  received_min INTEGER NOT NULL,
  received_max INTEGER NOT NULL,
  severity_mask INTEGER NOT NULL,
  services TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  characters INTEGER NOT NULL,
  checksum INTEGER
) STRICT;
CREATE TABLE block_part (key INTEGER PRIMARY KEY, data BLOB NOT NULL, checksum INTEGER) STRICT;
CREATE TABLE token (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  service TEXT NOT NULL,
  scopes TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT;
${RECEIPT_SCHEMA}`;

/** For a file of format 1. What was written before has no checksums: it is read unchecked. */
const ADD_CHECKSUMS = `
ALTER TABLE block ADD COLUMN checksum INTEGER;
ALTER TABLE block_part ADD COLUMN checksum INTEGER;
`;

/** Added to files that were made before it; an older logctl does not know of it and reads them all the same. */
const MARK_SCHEMA = "CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID";

/** How long one connection waits for another's lock before it gives up. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Opens the database for writing, made and readable by its owner only where it is not there yet. A commit is on disk
 * when it returns (`synchronous=FULL`). Throws `database_unusable` where the file is not logctl's or cannot be used.
 */
export function openForWriting(path: string): Database {
  let database: Database | undefined;
  try {
    makeDatabaseFile(path);
    database = new Database(path, { strict: true });
    database.run(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
    // Before anything is changed: a file that is refused is left as it was.
    isOurs(database, path);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) keepPrivate(file);
    if (statSync(path).size === 0) database.run("PRAGMA auto_vacuum=INCREMENTAL");
    database.run("PRAGMA journal_mode=WAL");
    database.run("PRAGMA synchronous=FULL");
    // What tells a log that it belongs to the database is not to be in the log alone.
    if (createSchema(database, path)) takeLogInto(database);
    return database;
  } catch (error) {
    database?.close();
    throw unusable(path, error);
  }
}

/**
 * Makes an empty file for a database that is not there yet: by us, so that nobody else can read it for even a moment; SQLite
 * gives its WAL the same mode. Throws `database_unusable` where there was a database that is not there any more.
 */
export function makeDatabaseFile(path: string): void {
  try {
    checkFile(path);
    // Who finds the file may have written to it already.
    if (makePrivateFile(path)) forgetLastRecord(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Opens a database that exists, for reading. */
export function openForReading(path: string): Database {
  try {
    const database = new Database(path, { strict: true, readonly: true });
    database.run(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
    database.run("PRAGMA query_only=ON");
    return database;
  } catch (error) {
    throw unusable(path, error);
  }
}

const IDENTITY = `
SELECT application_id AS id, user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables
FROM pragma_application_id, pragma_user_version`;

/** Whether the database is logctl's already; throws where it is somebody else's, or too new. */
export function isOurs(database: Database, path: string): boolean {
  // In one statement, which sees one state: another process may be making the database at this moment.
  const { id, version, tables } = database.query<{ id: number; version: number; tables: number }, []>(IDENTITY).get() ?? {
    id: 0,
    version: 0,
    tables: 0,
  };
  if (id === APPLICATION_ID) {
    if (version >= 1 && version <= SCHEMA_VERSION) return true;
    throw new LogctlError(
      "database_unusable",
      `the database '${path}' was written by a newer logctl (format ${version}); this one reads up to ${SCHEMA_VERSION}`,
    );
  }
  if (id !== 0 || tables > 0) {
    throw new LogctlError("database_unusable", `'${path}' is a database of another program; name another file by --db`);
  }
  return false;
}

/** Makes what there is not yet of tables, and says whether there was anything to make. */
export function createSchema(database: Database, path: string): boolean {
  return database
    .transaction(() => {
      const before = [readPragma(database, "schema_version"), readPragma(database, "user_version")];
      // Another process may have been quicker.
      if (!isOurs(database, path)) {
        database.run(SCHEMA);
        database.run(`PRAGMA application_id=${APPLICATION_ID}`);
        database.run(`PRAGMA user_version=${SCHEMA_VERSION}`);
      }
      database.run(MARK_SCHEMA);
      takeOn(database);
      addTokenColumns(database);
      addStamp(database);
      const isChanged = [readPragma(database, "schema_version"), readPragma(database, "user_version")].join() !== before.join();
      if (isChanged) stampCommit(database);
      return isChanged;
    })
    .immediate();
}

/** Makes a database of an earlier format one of this. */
function takeOn(database: Database): void {
  const version = readPragma(database, "user_version");
  if (version === SCHEMA_VERSION) return;
  if (version === 1) database.run(ADD_CHECKSUMS);
  convertReceipts(database);
  database.run(`PRAGMA user_version=${SCHEMA_VERSION}`);
}

function unusable(path: string, error: unknown): LogctlError {
  if (error instanceof LogctlError) return error;
  if (isCorruption(error)) return explainDamage(path, error as Error);
  return new LogctlError("database_unusable", `the database '${path}' cannot be used: ${(error as Error).message}`, {
    cause: error,
  });
}

/** Commits numbers under their names, together. */
export function markDatabase(database: Database, values: Record<string, number>): void {
  database
    .transaction(() => {
      const insert = database.query("INSERT OR REPLACE INTO mark VALUES (?, ?)");
      for (const [name, value] of Object.entries(values)) insert.run(name, value);
      stampCommit(database);
    })
    .immediate();
}

/** Columns added to files that were made before them; an older logctl does not know of them and reads them all the same. */
const ADDED_COLUMNS: Record<string, string> = {
  previous_digest: "TEXT",
  previous_until: "INTEGER",
  rate_limit: "INTEGER",
  daily_quota_bytes: "INTEGER",
  last_used_at: "INTEGER",
  quota_day: "INTEGER",
  quota_bytes: "INTEGER NOT NULL DEFAULT 0",
};

/** Adds what the table of tokens lacks; to be called within a transaction that writes. */
export function addTokenColumns(database: Database): void {
  const there = database.query<{ name: string }, []>("SELECT name FROM pragma_table_info('token')").all();
  for (const [column, type] of Object.entries(ADDED_COLUMNS)) {
    if (!there.some(({ name }) => name === column)) database.run(`ALTER TABLE token ADD COLUMN ${column} ${type}`);
  }
}
