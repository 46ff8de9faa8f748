import { closeSync, openSync, readSync, statSync } from "node:fs";
import { LogctlError } from "../../../errors.ts";
import { readLastRecord } from "./last-record.ts";

/**
 * Throws `database_unusable` where there was a database at `path` that is not there any more: SQLite would take an empty file
 * for a new database, and delete a write-ahead log whose database is gone.
 */
export function checkFile(path: string): void {
  const wal = `${path}-wal`;
  // Before the database: who makes it at this moment writes to it before there is anything in the others.
  const lastId = readLastRecord(path);
  const walBytes = statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined && walBytes > 0) {
    throw unusable(
      `the database '${path}' is gone, but its write-ahead log '${wal}' is there: put the file back, or move the log away`,
    );
  }
  if (size !== 0 || (walBytes === 0 && lastId === 0)) return;
  const had = lastId > 0 ? `there were records up to id ${lastId} in it` : `it has a write-ahead log '${wal}'`;
  throw unusable(`the database '${path}' is empty, though ${had}: put a backup in its place, or delete it to start anew`);
}

const MAGIC = Buffer.from("SQLite format 3\0");
const HEADER_BYTES = 100;

/**
 * What is wrong with a file that SQLite finds damaged, or no database at all. Not to be asked of one that is open: closing
 * it would take from this process the locks that SQLite holds on it (POSIX).
 */
export function explainDamage(path: string, { message }: Error): LogctlError {
  const { size } = statSync(path);
  const header = readHeader(path);
  const magic = header.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC.subarray(0, magic.length))) {
    return unusable(`'${path}' is no database: it does not begin as one; name another file by --db`);
  }
  const expected = header.length < HEADER_BYTES ? HEADER_BYTES : bytesOf(header);
  const why = size < expected ? `it is cut short, ${size} of ${expected} bytes are left` : message;
  return unusable(`the database '${path}' is damaged: ${why}; put a backup in its place`);
}

/** How large the file should be, as it says itself (https://sqlite.org/fileformat2.html, 1.3). */
function bytesOf(header: Buffer): number {
  const pageBytes = header.readUInt16BE(16);
  return (pageBytes === 1 ? 65_536 : pageBytes) * header.readUInt32BE(28);
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    return header.subarray(0, readSync(file, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function unusable(message: string): LogctlError {
  return new LogctlError("database_unusable", message);
}
