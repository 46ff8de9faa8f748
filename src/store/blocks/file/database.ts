import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { LogctlError } from "../../../errors.ts";
import type { BlockMeta, EncodedBlock } from "../block/block.ts";
import { isCorruption } from "../block/block-damage.ts";
import { deleteParts, insertPart } from "../block/block-parts.ts";
import { checksumOfMeta } from "../block/checksum.ts";
import { convertReceipts } from "../receipt/convert-receipts.ts";
import { RECEIPT_SCHEMA } from "../receipt/receipt-blocks.ts";
import { addStamp, stampCommit } from "../wal/stamp.ts";
import { checkFile, explainDamage } from "./check-file.ts";
import { forgetLastRecord } from "./last-record.ts";
import { readPragma } from "./pragma.ts";
import { keepPrivate, makePrivateFile } from "./private-file.ts";
import { takeLogInto } from "./space.ts";
import { addTokenColumns } from "./tokens.ts";

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
  convertReceipts(database, newestRecordId(database));
  database.run(`PRAGMA user_version=${SCHEMA_VERSION}`);
}

function unusable(path: string, error: unknown): LogctlError {
  if (error instanceof LogctlError) return error;
  if (isCorruption(error)) return explainDamage(path, error as Error);
  return new LogctlError("database_unusable", `the database '${path}' cannot be used: ${(error as Error).message}`, {
    cause: error,
  });
}

type BlockRow = {
  id: number;
  version: number;
  first_id: number;
  last_id: number;
  rows: number;
  timestamp_min: number;
  timestamp_max: number;
  received_min: number;
  received_max: number;
  severity_mask: number;
  services: string;
  bytes: number;
  characters: number;
  /** None in what was written before there were checksums. */
  checksum?: number | null;
};

function metaOf(row: BlockRow): BlockMeta {
  const meta: BlockMeta = {
    id: row.id,
    version: row.version,
    firstId: row.first_id,
    lastId: row.last_id,
    rows: row.rows,
    timestampMin: row.timestamp_min,
    timestampMax: row.timestamp_max,
    receivedMin: row.received_min,
    receivedMax: row.received_max,
    severityMask: row.severity_mask,
    services: row.services.split("\n"),
    bytes: row.bytes,
    characters: row.characters,
  };
  const isWhole = meta.rows === meta.lastId - meta.firstId + 1 && (row.checksum ?? checksumOfMeta(meta)) === checksumOfMeta(meta);
  return isWhole ? meta : { ...meta, damaged: true };
}

/** The blocks for which `where` holds, in the order of `orderBy`. */
export function listBlocks(database: Database, where: string, parameters: number[], orderBy: string, limit = -1): BlockMeta[] {
  const sql = `SELECT * FROM block WHERE ${where} ORDER BY ${orderBy} LIMIT ${limit}`;
  return database
    .query<BlockRow, number[]>(sql)
    .all(...parameters)
    .map(metaOf);
}

/** The id of the newest record that there is, or was before it was dropped; 0 where there was none. */
export function newestRecordId(database: Database): number {
  const newest = listBlocks(database, "1", [], "first_id DESC", 1)[0];
  if (newest === undefined) return droppedRecordId(database);
  // Where it is damaged one of the two may be wrong; an id that is never given is better than one that is given twice.
  return Math.max(newest.lastId, newest.firstId + newest.rows - 1);
}

/** When the newest record was received, in ms since the epoch; undefined where there is none. */
export function newestReceivedMs(database: Database): number | undefined {
  return listBlocks(database, "1", [], "first_id DESC", 1)[0]?.receivedMax;
}

export function insertBlock(database: Database, id: number, { meta, parts }: EncodedBlock): void {
  const columns = [meta.firstId, id, meta.version, meta.lastId, meta.rows, meta.timestampMin, meta.timestampMax] as const;
  const rest = [meta.receivedMin, meta.receivedMax, meta.severityMask] as const;
  database
    .query("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run(...columns, ...rest, meta.services.join("\n"), meta.bytes, meta.characters, checksumOfMeta({ id, ...meta }));
  for (const part of parts) insertPart(database, id, part);
}

/** Deletes a block if it is still there, and says whether it was. */
export function deleteBlock(database: Database, id: number, firstId: number): boolean {
  const { changes } = database.query("DELETE FROM block WHERE first_id = ? AND id = ?").run(firstId, id);
  deleteParts(database, id);
  return changes === 1;
}

/**
 * Deletes blocks in one transaction; one that is gone already is passed over. Their records' ids are never given again,
 * even if no record is left, since whoever reads on from an id would miss the new ones.
 */
export function dropBlocks(database: Database, blocks: readonly BlockMeta[]): void {
  const lastId = blocks.reduce((last, block) => Math.max(last, block.lastId), 0);
  database
    .transaction(() => {
      for (const { id, firstId } of blocks) deleteBlock(database, id, firstId);
      database
        .query("INSERT INTO mark VALUES ('dropped_id', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)")
        .run(lastId);
      stampCommit(database);
    })
    .immediate();
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

/** The highest id that a record ever dropped had; 0 where none was dropped. */
export function droppedRecordId(database: Database): number {
  return database.query<{ value: number }, []>("SELECT value FROM mark WHERE name = 'dropped_id'").get()?.value ?? 0;
}
