import type { Database } from "bun:sqlite";
import { checksumOfPart } from "../sqlite/checksum-of-part.ts";
import type { BlockPart } from "./block.ts";

/** A part's key: its block's id, its number and its page in one integer, so that a block's parts lie together. */
const PAGES_A_PART = 2 ** 8;
const PARTS_A_BLOCK = 2 ** 6;

export function keyOfPart(blockId: number, part: number, page: number): number {
  return (blockId * PARTS_A_BLOCK + part) * PAGES_A_PART + page;
}

export function insertPart(database: Database, blockId: number, { part, page, data }: BlockPart): void {
  if (part >= PARTS_A_BLOCK || page >= PAGES_A_PART) throw new Error(`a block has no room for part ${part}, page ${page}`);
  const key = keyOfPart(blockId, part, page);
  database.query("INSERT INTO block_part VALUES (?, ?, ?)").run(key, data, checksumOfPart(key, data));
}

export function deleteParts(database: Database, blockId: number): void {
  database.query("DELETE FROM block_part WHERE key BETWEEN ? AND ?").run(...keysOfBlock(blockId));
}

function keysOfBlock(blockId: number): [first: number, last: number] {
  return [keyOfPart(blockId, 0, 0), keyOfPart(blockId + 1, 0, 0) - 1];
}

/** Which block's a part is, by its key. */
export function blockOfKey(key: number): number {
  return Math.floor(key / (PARTS_A_BLOCK * PAGES_A_PART));
}

/** A part as it is stored; without a checksum where it was written before there were any. */
export type PartRow = { key: number; data: Uint8Array; checksum?: number | null };

/** All parts of a block by their keys; none where it is gone. Throws where one of them is not what was written. */
export function readParts(database: Database, blockId: number): Map<number, Uint8Array> {
  return new Map(listParts(database, blockId).map((row) => [row.key, checkedData(row)]));
}

/** One part of a block; undefined where the block has no such part, or is gone. Throws where it is not what was written. */
export function readPart(database: Database, blockId: number, part: number, page: number): Uint8Array | undefined {
  const row = database.query<PartRow, [number]>("SELECT * FROM block_part WHERE key = ?").get(keyOfPart(blockId, part, page));
  return row === null ? undefined : checkedData(row);
}

/** All parts of a block as they are stored, unchecked. */
export function listParts(database: Database, blockId: number): PartRow[] {
  return database
    .query<PartRow, [number, number]>("SELECT * FROM block_part WHERE key BETWEEN ? AND ?")
    .all(...keysOfBlock(blockId));
}

function checkedData(row: PartRow): Uint8Array {
  const reason = damageOfPart(row);
  if (reason !== undefined) throw new Error(reason);
  return row.data;
}

/** What is wrong with a part; undefined where it is whole, or has no checksum. */
export function damageOfPart({ key, data, checksum }: PartRow): string | undefined {
  if (checksum === undefined || checksum === null || checksum === checksumOfPart(key, data)) return undefined;
  return `part ${Math.floor(key / PAGES_A_PART) % PARTS_A_BLOCK}, page ${key % PAGES_A_PART} does not match its checksum`;
}
