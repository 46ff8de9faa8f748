import type { Database } from "bun:sqlite";

/** The number of a commit, in the row of numbers that a database with this id has. */
export type Stamp = { database: number; number: number };

/**
 * The table `stamp` has one row: a random id of the database, and the number of its last commit. A write-ahead log then tells
 * by itself which database it belongs to, and from which commit on: see `wal-origin.ts`.
 *
 * The row is found in a page without SQLite, by its key, which no other table has. It is always of one length, since the number
 * takes six bytes from the first to the last: where a power cut leaves a page half written, its two halves are those of two
 * numbers, and both are right.
 */
const KEY = -0x4c67_4374_5374_616dn;
/** The number of the commit that makes the table. */
export const FIRST_NUMBER = 2 ** 32;
const ID_BITS = 46;

const SCHEMA =
  "CREATE TABLE IF NOT EXISTS stamp (key INTEGER PRIMARY KEY, database INTEGER NOT NULL, number INTEGER NOT NULL) STRICT";

/** Adds the stamp to a database that has none yet; to be called within a transaction that writes. */
export function addStamp(database: Database): void {
  database.run(SCHEMA);
  database.run(`INSERT OR IGNORE INTO stamp VALUES (${KEY}, ${randomId()}, ${FIRST_NUMBER - 1})`);
}

/** Raises the number: to be called once within each transaction that writes, so that no commit is without one. */
export function stampCommit(database: Database): void {
  database.query("UPDATE stamp SET number = number + 1").run();
}

/** Makes a copy a database of its own, to which no log of the other belongs. */
export function renewStamp(database: Database): void {
  database.transaction(() => {
    addStamp(database);
    database.run(`UPDATE stamp SET database = ${randomId()}, number = ${FIRST_NUMBER}`);
  })();
}

/** A positive number of six bytes. */
function randomId(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return 2 ** ID_BITS + (high % 2 ** (ID_BITS - 32)) * 2 ** 32 + low;
}

const LEAF_OF_TABLE = 0x0d;
/** The 64-bit key as SQLite writes it: nine bytes, seven bits in each but the last. */
const KEY_BYTES = 9;
/** What is before the two numbers in a record: its header's length, a NULL for the key, and twice "an integer of six bytes". */
const RECORD_HEADER = Buffer.from([4, 0, 5, 5]);
const INTEGER_BYTES = 6;
const RECORD_BYTES = RECORD_HEADER.length + 2 * INTEGER_BYTES;

/** The stamp on a page of a database (https://sqlite.org/fileformat2.html, 1.6 and 2.1); undefined where it is another page. */
export function readStamp(page: Buffer): Stamp | undefined {
  if (page[0] !== LEAF_OF_TABLE || page.readUInt16BE(3) !== 1) return undefined;
  const cell = page.readUInt16BE(8);
  const record = cell + 1 + KEY_BYTES;
  if (record + RECORD_BYTES > page.length || page[cell] !== RECORD_BYTES) return undefined;
  if (readKey(page, cell + 1) !== KEY || RECORD_HEADER.compare(page, record, record + RECORD_HEADER.length) !== 0)
    return undefined;
  const at = record + RECORD_HEADER.length;
  return { database: page.readIntBE(at, INTEGER_BYTES), number: page.readIntBE(at + INTEGER_BYTES, INTEGER_BYTES) };
}

function readKey(page: Buffer, at: number): bigint {
  let key = 0n;
  for (let index = 0; index < KEY_BYTES - 1; index += 1) key = (key << 7n) | BigInt((page[at + index] as number) & 0x7f);
  return BigInt.asIntN(64, (key << 8n) | BigInt(page[at + KEY_BYTES - 1] as number));
}
