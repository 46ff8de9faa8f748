import type { Database } from "bun:sqlite";
import { LogctlError } from "../../errors.ts";
import type { BlockMeta } from "./block/block.ts";
import { droppedRecordId, listBlocks, newestRecordId } from "./block/block-catalog.ts";
import { blockOfKey, keyOfPart } from "./block/block-parts.ts";
import { checkFile, explainDamage } from "./file/check-file.ts";
import { isOurs, openForReading } from "./file/database.ts";
import { readLastRecord } from "./file/last-record.ts";
import { verifyBlock } from "./health/verify-block.ts";
import { verifyLayout } from "./health/verify-layout.ts";
import { verifyReceipts } from "./receipt/receipt-blocks.ts";
import { isCorruption } from "./sqlite/sqlite-errors.ts";
import { describeShort, refuseOthers } from "./wal/check-origin.ts";
import { describeWalDamage, findWalDamage } from "./wal/check-wal.ts";

/** Something that is wrong: with a block, with records that are in none (ids, both ends included), or with the file. */
export type Finding = {
  about: "block" | "records" | "file";
  block?: number;
  first_id?: number;
  last_id?: number;
  message: string;
};

export type Verification = {
  /** How many blocks there are, and how many of them are whole. */
  blocks: number;
  whole: number;
  /** Records in the blocks that are whole. */
  records: number;
  /** Records that are in no block, though their ids were given, and retention did not drop them. */
  missing: number;
  /** Blocks of before there were checksums. */
  unchecked: number;
  findings: Finding[];
};

/** How far it has got. */
export type VerifyProgress = { block: number; blocks: number };

/**
 * Reads everything in a database, also while a collector writes to it: what is looked at is how it was at the start. Yields
 * before each block. Changes nothing. Throws `database_unusable` where there is no looking into it.
 */
export function* verifyDatabase(path: string): Generator<VerifyProgress, Verification> {
  checkFile(path);
  // Before the snapshot: what is acknowledged from now on need not be in it.
  const lastId = readLastRecord(path);
  using database = openForReading(path);
  // What retention has dropped may lie between what it has left.
  let dropped = 0;
  let nextId = 1;
  const findings: Finding[] = [];
  const verification: Verification = { blocks: 0, whole: 0, records: 0, missing: 0, unchecked: 0, findings };
  const aboutFile = (message: string) => findings.push({ about: "file", message });
  const walDamage = findWalDamage(path);
  if (walDamage !== undefined) aboutFile(describeWalDamage(walDamage));
  // Of a damaged log it does not matter where it ends.
  const origin = walDamage === undefined ? refuseOthers(path) : undefined;
  if (origin?.kind === "short") aboutFile(describeShort(origin));
  if (!beginSnapshot(database, path)) {
    if (lastId === 0)
      throw new LogctlError("database_unusable", `the database '${path}' is empty: no collector has written to it`);
    noteMissing(1, lastId);
    return verification;
  }
  attempt(aboutFile, () => verifyLayout(database).forEach(aboutFile));
  attempt(aboutFile, () => checkPages(database).forEach(aboutFile));
  const metas = listAll(database, aboutFile);
  verification.blocks = metas.length;

  attempt(aboutFile, () => {
    dropped = droppedRecordId(database);
    if (metas.length > 0 && dropped > newestRecordId(database))
      aboutFile(`records up to ${dropped} are said to be dropped, and are there`);
  });
  for (const [index, meta] of metas.entries()) {
    yield { block: index + 1, blocks: metas.length };
    const { firstId, lastId: last } = meta;
    const about = { about: "block", block: meta.id, first_id: firstId, last_id: last } as const;
    noteMissing(nextId, firstId - 1);
    if (index > 0 && firstId < nextId && firstId > dropped)
      findings.push({ ...about, message: "it has records that another block has too" });
    const { wrong, unchecked } = verifyBlock(database, meta);
    for (const message of wrong) findings.push({ ...about, message });
    if (unchecked) verification.unchecked += 1;
    if (wrong.length === 0) {
      verification.whole += 1;
      verification.records += meta.rows;
    }
    // Where a damaged block ends nobody knows, nor whether something is missing behind it.
    nextId = meta.damaged ? Number.NaN : last + 1;
  }
  noteMissing(nextId, lastId);
  attempt(aboutFile, () => findStrayParts(database, metas).forEach(aboutFile));
  attempt(aboutFile, () => verifyReceipts(database).forEach(aboutFile));
  return verification;

  /** Where there are any from `from` to `last`, but for those that were dropped. */
  function noteMissing(from: number, last: number): void {
    const first = Math.max(from, dropped + 1);
    if (!(first <= last)) return;
    verification.missing += last - first + 1;
    findings.push({ about: "records", first_id: first, last_id: last, message: "they were stored, and are in no block" });
  }
}

/** From here on the database is seen as it is now; false where there is nothing in it. */
function beginSnapshot(database: Database, path: string): boolean {
  try {
    database.run("BEGIN");
    return isOurs(database, path);
  } catch (error) {
    throw isCorruption(error) ? explainDamage(path, error as Error) : error;
  }
}

/** Does a part of the work; where SQLite finds the file damaged, that is noted, and the rest goes on. */
function attempt(note: (message: string) => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isCorruption(error)) throw error;
    note((error as Error).message);
  }
}

/** What SQLite itself finds wrong with its pages and indexes. */
function checkPages(database: Database): string[] {
  const rows = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
}

/** All blocks in the order of their ids: from both ends, where a page between them cannot be read. */
function listAll(database: Database, note: (message: string) => void): BlockMeta[] {
  const metas: BlockMeta[] = [];
  const walk = (next: (from: number) => BlockMeta[], start: number, put: (meta: BlockMeta) => void) => {
    for (let from = start; ; ) {
      const [meta] = next(from);
      if (meta === undefined || metas.some(({ firstId }) => firstId === meta.firstId)) return;
      put(meta);
      from = meta.firstId;
    }
  };
  const nextUp = (beginsAfter: number) => listBlocks(database, { beginsAfter }, "oldest", 1);
  const nextDown = (before: number) => listBlocks(database, { before }, "newest", 1);
  let isWhole = false;
  attempt(note, () => {
    walk(nextUp, Number.MIN_SAFE_INTEGER, (meta) => metas.push(meta));
    isWhole = true;
  });
  const tail: BlockMeta[] = [];
  if (!isWhole) attempt(note, () => walk(nextDown, Number.MAX_SAFE_INTEGER, (meta) => tail.unshift(meta)));
  return [...metas, ...tail];
}

/** Parts of blocks that there are not. */
function findStrayParts(database: Database, metas: BlockMeta[]): string[] {
  const known = new Set(metas.map(({ id }) => id));
  const stray: string[] = [];
  const next = database.query<{ key: number }, [number]>("SELECT key FROM block_part WHERE key >= ? ORDER BY key LIMIT 1");
  for (let row = next.get(Number.MIN_SAFE_INTEGER); row !== null; ) {
    const id = blockOfKey(row.key);
    if (!known.has(id)) stray.push(`there are parts of a block ${id}, but not what is known of it`);
    row = next.get(keyOfPart(id + 1, 0, 0));
  }
  return stray;
}
