import type { Database } from "bun:sqlite";
import { stampCommit } from "../wal/stamp.ts";
import type { BlockMeta, EncodedBlock } from "./block.ts";
import { deleteParts, insertPart } from "./block-parts.ts";
import { checksumOfMeta } from "./checksum.ts";

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

/** Which blocks are asked for; what is absent sets no bound. Times are ms since the epoch, both ends included. */
export type BlockSelection = {
  id?: number;
  /** Blocks that hold an id of this or above, and of this or below. */
  fromId?: number;
  toId?: number;
  /** Blocks that begin before this id. */
  before?: number;
  /** Blocks that end behind this id. */
  after?: number;
  /** Blocks that begin behind this id. */
  beginsAfter?: number;
  timestampFrom?: number;
  timestampTo?: number;
  receivedFrom?: number;
  receivedTo?: number;
  /** Blocks of which every record was received at this time or before. */
  allReceivedBy?: number;
  /** Blocks that have one of these severities, a bit each. */
  severityMask?: number;
};

const CONDITIONS: Record<keyof BlockSelection, string> = {
  id: "id = ?",
  fromId: "last_id >= ?",
  toId: "first_id <= ?",
  before: "first_id < ?",
  // The same as `last_id > ?1`, but found by the key, since no two blocks overlap: a tail asks for the newest ones again and again.
  after: "last_id > ?1 AND first_id >= coalesce((SELECT max(first_id) FROM block WHERE first_id <= ?1), 0)",
  beginsAfter: "first_id > ?",
  timestampFrom: "timestamp_max >= ?",
  timestampTo: "timestamp_min <= ?",
  receivedFrom: "received_max >= ?",
  receivedTo: "received_min <= ?",
  allReceivedBy: "received_max <= ?",
  severityMask: "severity_mask & ? <> 0",
};

const ORDERS = {
  oldest: "first_id ASC",
  newest: "first_id DESC",
  /** By the time of their records: the earliest beginning first, or the latest end. */
  earliest: "timestamp_min ASC",
  latest: "timestamp_max DESC",
} as const;
export type BlockOrder = keyof typeof ORDERS;

/** The blocks of a selection, at most `limit` of them. */
export function listBlocks(
  database: Database,
  selection: BlockSelection = {},
  order: BlockOrder = "oldest",
  limit = -1,
): BlockMeta[] {
  const parameters: number[] = [];
  const where: string[] = [];
  for (const name of Object.keys(selection) as (keyof BlockSelection)[]) {
    const value = selection[name];
    if (value === undefined) continue;
    parameters.push(value);
    where.push(CONDITIONS[name].replace(/\?1?/g, `?${parameters.length}`));
  }
  const sql = `SELECT * FROM block WHERE ${where.join(" AND ") || "1"} ORDER BY ${ORDERS[order]} LIMIT ${limit}`;
  return database
    .query<BlockRow, number[]>(sql)
    .all(...parameters)
    .map(metaOf);
}

/** The highest number that a block has, which reads every page of what is known of them; 0 where there is none. */
export function lastBlockId(database: Database): number {
  return database.query<{ id: number | null }, []>("SELECT max(id) AS id FROM block").get()?.id ?? 0;
}

/** Whether a block is still there. */
export function hasBlock(database: Database, { id, firstId }: Pick<BlockMeta, "id" | "firstId">): boolean {
  return database.query("SELECT 1 FROM block WHERE first_id = ? AND id = ?").get(firstId, id) !== null;
}

/** How many blocks and records there are of each version. */
export function countBlocks(database: Database): { version: number; blocks: number; records: number }[] {
  const sql = "SELECT version, count(*) AS blocks, sum(rows) AS records FROM block GROUP BY version";
  return database.query<{ version: number; blocks: number; records: number }, []>(sql).all();
}

/** The id of the newest record that there is, or was before it was dropped; 0 where there was none. */
export function newestRecordId(database: Database): number {
  const newest = listBlocks(database, {}, "newest", 1)[0];
  if (newest === undefined) return droppedRecordId(database);
  // Where it is damaged one of the two may be wrong; an id that is never given is better than one that is given twice.
  return Math.max(newest.lastId, newest.firstId + newest.rows - 1);
}

/** When the newest record was received, in ms since the epoch; undefined where there is none. */
export function newestReceivedMs(database: Database): number | undefined {
  return listBlocks(database, {}, "newest", 1)[0]?.receivedMax;
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

/** The highest id that a record ever dropped had; 0 where none was dropped. */
export function droppedRecordId(database: Database): number {
  return database.query<{ value: number }, []>("SELECT value FROM mark WHERE name = 'dropped_id'").get()?.value ?? 0;
}
