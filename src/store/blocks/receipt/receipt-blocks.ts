import type { Database } from "bun:sqlite";
import { checksumOfPart } from "../sqlite/checksum-of-part.ts";
import { stampCommit } from "../wal/stamp.ts";
import { buildReceiptFilter } from "./receipt-filter.ts";
import { type DigestedReceipt, findPacked, packReceipts, RECEIPT_BYTES, unpackReceipts } from "./receipts.ts";

/**
 * Receipts lie in blocks of their own, in the order of arrival, a row of the table each. A commit makes a small one, with its
 * receipts in `data`; many of these are merged into a large one, with its receipts in parts by the first digit of their digests,
 * and a `filter` that says what it has not.
 */
export const RECEIPT_SCHEMA = `
CREATE TABLE receipt (
  id INTEGER PRIMARY KEY,
  receipts INTEGER NOT NULL,
  last_record_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  filter BLOB,
  data BLOB,
  checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE receipt_part (key INTEGER PRIMARY KEY, data BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
`;

/** What is known of a block of receipts without reading them. */
export type ReceiptBlock = {
  id: number;
  receipts: number;
  /** Of the records that its receipts are for, the newest one's id. */
  lastRecordId: number;
  /** When its newest receipt was made: ms that the collector had run for, by its steady clock. */
  createdAt: number;
  /** What it takes in the database. */
  bytes: number;
};

/** So many receipts are merged into one block. */
export const RECEIPTS_A_BLOCK = 16_384;
const PARTS = 16;
/** What a row takes beside what is in it. */
const ROW_BYTES = 32;

const COLUMNS = "id, receipts, last_record_id AS lastRecordId, created_at AS createdAt, bytes";

type NewBlock = Pick<ReceiptBlock, "id" | "lastRecordId" | "createdAt">;
type PartRow = { key: number; data: Uint8Array; checksum: number };
type BlockRow = ReceiptBlock & { filter: Uint8Array | null; data: Uint8Array | null; checksum: number };

/** Stores a commit's receipts as a small block; to be called within its transaction. */
export function insertReceipts(database: Database, block: NewBlock, receipts: readonly DigestedReceipt[]): void {
  const data = packReceipts(receipts);
  insertBlockRow(database, { ...block, receipts: receipts.length, bytes: data.length + ROW_BYTES }, null, data);
}

/** Stores a merged block; to be called within a transaction. */
export function insertMerged(database: Database, block: NewBlock, receipts: readonly DigestedReceipt[]): void {
  const parts = Map.groupBy(receipts, ({ digest }) => partOf(digest));
  for (const [part, members] of parts) {
    const key = block.id * PARTS + part;
    const data = packReceipts(members);
    database.query("INSERT INTO receipt_part VALUES (?, ?, ?)").run(key, data, checksumOfPart(key, data));
  }
  const filter = buildReceiptFilter(receipts.map(({ digest }) => digest));
  const bytes = receipts.length * RECEIPT_BYTES + filter.length + ROW_BYTES * (parts.size + 1);
  insertBlockRow(database, { ...block, receipts: receipts.length, bytes }, filter, null);
}

function insertBlockRow(database: Database, block: ReceiptBlock, filter: Uint8Array | null, data: Uint8Array | null): void {
  const { id, receipts, lastRecordId, createdAt, bytes } = block;
  const checksum = checksumOfReceipts(block, filter ?? data ?? new Uint8Array());
  database
    .query("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    .run(id, receipts, lastRecordId, createdAt, bytes, filter, data, checksum);
}

/** Puts a merged block in the place of small ones, in one transaction; the newest of these gives it its id. */
export function mergeReceipts(database: Database, small: readonly SmallBlock[]): void {
  const last = small.at(-1);
  if (last === undefined) return;
  database
    .transaction(() => {
      stampCommit(database);
      for (const { block } of small) database.query("DELETE FROM receipt WHERE id = ?").run(block.id);
      insertMerged(
        database,
        last.block,
        small.flatMap(({ data }) => unpackReceipts(data)),
      );
    })
    .immediate();
}

/** A small block, with its receipts as they are packed. */
export type SmallBlock = { block: ReceiptBlock; data: Buffer };

/** The small blocks, the oldest first; those that are not what was written are left out, and told. */
export function readSmallBlocks(database: Database, onDamaged: (id: number) => void): SmallBlock[] {
  const sql = `SELECT ${COLUMNS}, filter, data, checksum FROM receipt WHERE filter IS NULL ORDER BY id`;
  const small: SmallBlock[] = [];
  for (const { filter, data, checksum, ...block } of database.query<BlockRow, []>(sql).iterate()) {
    if (data !== null && checksum === checksumOfReceipts(block, data)) small.push({ block, data: bufferOf(data) });
    else onDamaged(block.id);
  }
  return small;
}

/** How many receipts lie in small blocks. */
export function countSmallReceipts(database: Database): number {
  const sql = "SELECT coalesce(sum(receipts), 0) AS n FROM receipt WHERE filter IS NULL";
  return database.query<{ n: number }, []>(sql).get()?.n ?? 0;
}

/** The merged blocks' ids, the oldest first. */
export function listMergedIds(database: Database): number[] {
  const sql = "SELECT id FROM receipt WHERE filter IS NOT NULL ORDER BY id";
  return database
    .query<{ id: number }, []>(sql)
    .all()
    .map(({ id }) => id);
}

/** The filter of a merged block; undefined where the block is gone, or damaged. */
export function readReceiptFilter(database: Database, id: number): Uint8Array | undefined {
  const row = database.query<BlockRow, [number]>(`SELECT ${COLUMNS}, filter, checksum FROM receipt WHERE id = ?`).get(id);
  if (row === null || row.filter === null) return undefined;
  return row.checksum === checksumOfReceipts(row, row.filter) ? row.filter : undefined;
}

/** The receipt of a merged block with this digest; undefined where it has none, is gone, or is damaged, which is told. */
export function findMerged(
  database: Database,
  block: number,
  digest: string,
  onDamaged: (id: number) => void,
): DigestedReceipt | undefined {
  const key = block * PARTS + partOf(digest);
  const row = database.query<PartRow, [number]>("SELECT * FROM receipt_part WHERE key = ?").get(key);
  if (row === null) return undefined;
  if (row.checksum === checksumOfPart(key, row.data)) return findPacked(bufferOf(row.data), digest);
  onDamaged(block);
  return undefined;
}

/** The oldest blocks, small and merged. */
export function oldestReceiptBlocks(database: Database, limit: number): ReceiptBlock[] {
  return database.query<ReceiptBlock, [number]>(`SELECT ${COLUMNS} FROM receipt ORDER BY id LIMIT ?`).all(limit);
}

/** Undefined where there is none. */
export function newestReceiptBlock(database: Database): ReceiptBlock | undefined {
  return database.query<ReceiptBlock, []>(`SELECT ${COLUMNS} FROM receipt ORDER BY id DESC LIMIT 1`).get() ?? undefined;
}

/** What all receipts come to. */
export function sumReceipts(database: Database): { receipts: number; bytes: number } {
  const sql = "SELECT coalesce(sum(receipts), 0) AS receipts, coalesce(sum(bytes), 0) AS bytes FROM receipt";
  return database.query<{ receipts: number; bytes: number }, []>(sql).get() ?? { receipts: 0, bytes: 0 };
}

export function deleteReceiptBlocks(database: Database, blocks: readonly ReceiptBlock[]): void {
  database
    .transaction(() => {
      stampCommit(database);
      for (const { id } of blocks) {
        database.query("DELETE FROM receipt WHERE id = ?").run(id);
        database.query("DELETE FROM receipt_part WHERE key BETWEEN ? AND ?").run(id * PARTS, id * PARTS + PARTS - 1);
      }
    })
    .immediate();
}

/** What is wrong with receipts, for people; none where all are as they were written. */
export function verifyReceipts(database: Database): string[] {
  // A database of an earlier format, which no collector has taken on yet.
  if (database.query("SELECT 1 FROM sqlite_schema WHERE name = 'receipt_part'").get() === null) return [];
  const damaged = new Set<number>();
  const blocks = database.query<BlockRow, []>(`SELECT ${COLUMNS}, filter, data, checksum FROM receipt`);
  for (const { filter, data, checksum, ...block } of blocks.iterate()) {
    const kept = filter ?? data;
    if (kept === null || checksum !== checksumOfReceipts(block, kept)) damaged.add(block.id);
  }
  for (const { key, data, checksum } of database.query<PartRow, []>("SELECT * FROM receipt_part").iterate()) {
    if (checksum !== checksumOfPart(key, data)) damaged.add(Math.floor(key / PARTS));
  }
  return [...damaged].map(describeReceiptDamage);
}

/** For people. */
export function describeReceiptDamage(block: number): string {
  return `block ${block} of the receipts of idempotency keys does not match its checksum: a retry with one of these keys may be stored again`;
}

function partOf(digest: string): number {
  return Number.parseInt(digest[0] as string, 16);
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** The CRC-32 of a block of receipts and of what is known of it. It is stored: what goes into it never changes. */
export function checksumOfReceipts({ id, receipts, lastRecordId, createdAt, bytes }: ReceiptBlock, data: Uint8Array): number {
  const known = new Float64Array([id, receipts, lastRecordId, createdAt, bytes]);
  return Bun.hash.crc32(data as Uint8Array<ArrayBuffer>, Bun.hash.crc32(new Uint8Array(known.buffer)));
}
