import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

/**
 * The id of the newest record that is on disk, kept in a small file beside the database. What is committed lies in SQLite's
 * write-ahead log at first, and of a log that was damaged, cut short or deleted SQLite takes what comes before the damage and
 * says nothing of the rest: without this nobody would know that there was more. It is not fsynced: it survives a crash of
 * the collector, and after a power cut it may name an older record, never one that was not on disk.
 */
export type LastRecord = {
  /** Written in place, so that it needs no room on a full disk. What cannot be written is not: it is a second line of defence. */
  write(id: number): void;
  close(): void;
};

export function openLastRecord(databasePath: string): LastRecord {
  let file: number | undefined;
  try {
    file = openSync(pathOf(databasePath), "r+", 0o600);
  } catch {
    file = openIfPossible(databasePath);
  }
  const line = Buffer.alloc(LINE_BYTES);
  return {
    write(id) {
      if (file === undefined) return;
      const digits = String(id).padStart(ID_DIGITS, "0");
      line.write(`${digits} ${checksumOf(digits)}\n`, "latin1");
      try {
        writeSync(file, line, 0, LINE_BYTES, 0);
      } catch {
        // A full disk, perhaps: the next write may succeed.
      }
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function openIfPossible(databasePath: string): number | undefined {
  try {
    return openSync(pathOf(databasePath), "w+", 0o600);
  } catch {
    return undefined;
  }
}

/** The id of the newest record that was on disk; 0 where there is no telling. */
export function readLastRecord(databasePath: string): number {
  try {
    const [digits = "", checksum] = readFileSync(pathOf(databasePath), "latin1").trimEnd().split(" ");
    return checksum === checksumOf(digits) ? Number(digits) : 0;
  } catch {
    return 0;
  }
}

/** For a database that is new: what was known of another at its place does not hold any more. */
export function forgetLastRecord(databasePath: string): void {
  rmSync(pathOf(databasePath), { force: true });
}

const ID_DIGITS = 16;
const LINE_BYTES = ID_DIGITS + 10;

function checksumOf(digits: string): string {
  return Bun.hash.crc32(digits).toString(16).padStart(8, "0");
}

function pathOf(databasePath: string): string {
  return `${databasePath}-last`;
}
