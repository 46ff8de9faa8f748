import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FIRST_NUMBER, readStamp, type Stamp } from "./stamp.ts";
import { readWal, type WalHeader } from "./wal-frames.ts";

/**
 * What a database and the write-ahead log beside it are to each other:
 * - `fits`: the log was written on top of this very file, or there is nothing in it that SQLite would take;
 * - `foreign`: it was written on top of another one: another database, a copy, or a later state of this one;
 * - `behind`: it ends before what is in the database already: it is an earlier one, or was cut short;
 * - `unknown`: the log has no stamp, or the database none yet;
 * - `short`: pages are in neither of them.
 */
export type WalOrigin =
  | { kind: "fits" | "foreign" | "behind" | "unknown" }
  | { kind: "short"; bytes: number; expectedBytes: number };

/**
 * Looks whether the write-ahead log beside a database was written on top of it. SQLite does not ask: it takes the pages of any
 * log with right checksums, and where the file was replaced by a backup meanwhile, they destroy it.
 *
 * Each commit has the database's id in it, and its number (`stamp.ts`), and so has the database's own file. Let the log have
 * the commits from a to b.
 *
 * - A log is begun anew only when all of the one before is in the database's file, and on disk (SQLite syncs the file before).
 *   So the file has the number a - 1 at least, also after a power cut.
 * - From then on nothing gets into the file but from this log, which is synced before the file is written to. So the file has
 *   b at most. In between, a checkpoint may have been broken off anywhere: the number it has come to does not matter.
 *
 * Hence a log that belongs to the file has the same id, and the file a number from a - 1 to b, whatever has crashed, and nothing
 * that is not synced is asked. A file of a lower number lacks commits that are not in the log; one of a higher has commits
 * that the log would undo. A file that was copied while it was at rest, at a - 1, is the one the log was written on, page by
 * page, and is taken for it with right; a backup has pages of its own, and therefore an id of its own (`renewStamp`).
 *
 * Where there is no stamp to compare - of before there were stamps, or a crash just when they came - the answer is `unknown`.
 * A collector may be at work meanwhile: the file is read first, since it only ever comes nearer to b, and all is read again
 * where the log was begun anew in between, or has a stamp where none was looked for in the file.
 */
export function lookAtOrigin(databasePath: string): WalOrigin {
  const looked = new Set(Array.from({ length: ROOT_PAGES }, (_, index) => index + 1));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const header = readHeader(databasePath);
    if (header === undefined) return { kind: "fits" };
    const file = readFile(databasePath, header.pageBytes, looked);
    const log = readLog(databasePath, file.bytes);
    const isSame = readHeader(databasePath)?.salts === header.salts;
    if (isSame && log.stampPages.every((page) => looked.has(page))) return compare(file, log);
    for (const page of log.stampPages) looked.add(page);
  }
  // Somebody writes so much to it that there is no doubt whose it is.
  return { kind: "fits" };
}

const ATTEMPTS = 10;
/** SQLite leaves out the page with the bytes that it locks. */
const LOCK_BYTE = 0x4000_0000;
/** The roots of tables are a database's first pages, where `auto_vacuum` is set, as it is in all of ours. */
const ROOT_PAGES = 64;

/** `stamps`: one, but that a VACUUM of which not all is in the file yet may leave the one before. */
type File = { bytes: number; stamps: Stamp[] };

type Log = {
  pageBytes: number;
  /** How many pages there are after the last commit; 0 where there is none. */
  pages: number;
  first?: Stamp | undefined;
  last?: Stamp | undefined;
  /** On which pages of the database it has it. */
  stampPages: number[];
  /** Pages in it that begin where the database's file has ended. */
  behind: Set<number>;
};

function compare({ bytes, stamps: own }: File, log: Log): WalOrigin {
  const { pageBytes, pages, first, last } = log;
  if (pages === 0) return { kind: "fits" };
  const isShort = lacksPages(bytes, log);
  const short = { kind: "short", bytes, expectedBytes: pages * pageBytes } as const;
  if (first === undefined || last === undefined) return isShort ? short : { kind: "unknown" };
  const fits = own.some(({ database, number }) => {
    return database === first.database && number >= first.number - 1 && number <= last.number;
  });
  if (fits) return isShort ? short : { kind: "fits" };
  if (own.some(({ database, number }) => database === first.database && number > last.number)) return { kind: "behind" };
  if (own.length > 0) return { kind: "foreign" };
  if (first.number === FIRST_NUMBER) return isShort ? short : { kind: "unknown" };
  // What is left of the file may not even have the page that it is on.
  return isShort && bytes < Math.max(...log.stampPages) * pageBytes ? short : { kind: "foreign" };
}

/** Whether there are pages that are neither in the file nor in the log. */
function lacksPages(bytes: number, { pageBytes, pages, behind }: Log): boolean {
  for (let page = Math.floor(bytes / pageBytes) + 1; page <= pages; page += 1) {
    if (!behind.has(page) && page !== LOCK_BYTE / pageBytes + 1) return true;
  }
  return false;
}

/**
 * Reads the pages on which a stamp may be. Not to be done where the database is open in this
 * process: closing it would take SQLite's locks away (POSIX).
 */
function readFile(path: string, pageBytes: number, pages: Iterable<number>): File {
  const file = openSync(path, "r");
  try {
    const page = Buffer.alloc(pageBytes);
    const stamps: Stamp[] = [];
    for (const number of pages) {
      const isRead = readSync(file, page, 0, pageBytes, (number - 1) * pageBytes) === pageBytes;
      const stamp = isRead ? readStamp(page) : undefined;
      if (stamp !== undefined) stamps.push(stamp);
    }
    return { bytes: fstatSync(file).size, stamps };
  } finally {
    closeSync(file);
  }
}

function readLog(databasePath: string, fileBytes: number): Log {
  const log: Log = { pageBytes: 0, pages: 0, stampPages: [], behind: new Set() };
  let stamp: Stamp | undefined;
  let behind: number[] = [];
  readWal(databasePath, ({ follows, page, commitPages, data }) => {
    if (!follows) return false;
    log.pageBytes = data.length;
    if (page * data.length > fileBytes) behind.push(page);
    const found = readStamp(data);
    if (found !== undefined) {
      stamp = found;
      if (!log.stampPages.includes(page)) log.stampPages.push(page);
    }
    if (commitPages === 0) return true;
    // Only what was committed counts.
    log.pages = commitPages;
    log.first ??= stamp;
    log.last = stamp ?? log.last;
    for (const number of behind) log.behind.add(number);
    behind = [];
    stamp = undefined;
    return true;
  });
  return log;
}

function readHeader(databasePath: string): WalHeader | undefined {
  const header = readWal(databasePath, () => false);
  return header?.isWhole ? header : undefined;
}
