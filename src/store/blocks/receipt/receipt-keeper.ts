import type { Database } from "bun:sqlite";
import { IDEMPOTENCY_KEY_RETENTION_MS } from "../../../schema/limits.ts";
import {
  countSmallReceipts,
  deleteReceiptBlocks,
  insertReceipts,
  mergeReceipts,
  newestReceiptBlock,
  oldestReceiptBlocks,
  RECEIPTS_A_BLOCK,
  type ReceiptBlock,
  readSmallBlocks,
  type SmallBlock,
  sumReceipts,
} from "./receipt-blocks.ts";
import type { DigestedReceipt } from "./receipts.ts";

/** Writes receipts, merges them, and drops what is too old or too much. Lives in the writer's thread. */
export type ReceiptKeeper = {
  /** To be called within the transaction that stores their records, of which `lastRecordId` is the newest. */
  insert(receipts: readonly DigestedReceipt[], lastRecordId: number): void;
  /** To be called once that has ended well; merges small blocks once they are many, and says whether it did. */
  inserted(receipts: number): boolean;
  /** Drops a bounded number of receipts that are too old, or too many; undefined where none are. New ones are of this time, `ranMs` of the steady clock. */
  drop(ranMs: number): DroppedReceipts | undefined;
  /** Drops a bounded number of those whose records are all gone, since their ids are below; returns how many. */
  dropBefore(recordId: number): number;
};

/** How many, and whether they were older than a receipt is kept, or more than there is room for. */
export type DroppedReceipts = { receipts: number; reason: "age" | "size" };

/** So many are kept at most: they take 0.5 GB. */
const MAX_RECEIPTS = 2 ** 24;
/** Of a limit of size, receipts take this part at most: records do not make way for them. */
const PART_OF_LIMIT = 1 / 8;
const BLOCKS_A_DROP = 64;

export type ReceiptKeeperOptions = {
  /** How large the database may be. */
  maxBytes?: number | undefined;
  /** Told of each damaged block once. */
  onDamaged?: (block: number) => void;
};

export function createReceiptKeeper(database: Database, options: ReceiptKeeperOptions = {}): ReceiptKeeper {
  const { maxBytes = Number.POSITIVE_INFINITY, onDamaged = () => {} } = options;
  const mostBytes = maxBytes * PART_OF_LIMIT;
  /** A merge gives the ids of what it replaces to what replaces it; no other id is ever given twice. */
  const newest = newestReceiptBlock(database);
  let nextId = (newest?.id ?? 0) + 1;
  let createdAt = newest?.createdAt ?? 0;
  let small = countSmallReceipts(database);
  const damaged = new Set<number>();

  function noteDamaged(id: number): void {
    if (!damaged.has(id)) onDamaged(id);
    damaged.add(id);
  }

  function dropBlocks(blocks: readonly ReceiptBlock[]): number {
    if (blocks.length === 0) return 0;
    deleteReceiptBlocks(database, blocks);
    small = countSmallReceipts(database);
    return blocks.reduce((sum, { receipts }) => sum + receipts, 0);
  }

  return {
    insert(receipts, lastRecordId) {
      insertReceipts(database, { id: nextId, lastRecordId, createdAt }, receipts);
    },
    inserted(receipts) {
      if (receipts === 0) return false;
      nextId += 1;
      small += receipts;
      if (small < RECEIPTS_A_BLOCK) return false;
      mergeReceipts(database, takeReceipts(readSmallBlocks(database, noteDamaged), RECEIPTS_A_BLOCK));
      small = countSmallReceipts(database);
      return true;
    },
    drop(ranMs) {
      createdAt = ranMs;
      const oldest = oldestReceiptBlocks(database, BLOCKS_A_DROP);
      const tooOld = oldest.filter(({ createdAt }) => createdAt < ranMs - IDEMPOTENCY_KEY_RETENTION_MS);
      if (tooOld.length > 0) return { receipts: dropBlocks(tooOld), reason: "age" };
      const { receipts, bytes } = sumReceipts(database);
      let [tooMany, tooLarge] = [receipts - MAX_RECEIPTS, bytes - mostBytes];
      const over = oldest.filter((block) => {
        if (tooMany <= 0 && tooLarge <= 0) return false;
        tooMany -= block.receipts;
        tooLarge -= block.bytes;
        return true;
      });
      return over.length === 0 ? undefined : { receipts: dropBlocks(over), reason: "size" };
    },
    dropBefore(recordId) {
      return dropBlocks(oldestReceiptBlocks(database, BLOCKS_A_DROP).filter(({ lastRecordId }) => lastRecordId < recordId));
    },
  };
}

/** The first blocks, until they come to so many receipts. */
function takeReceipts(blocks: readonly SmallBlock[], receipts: number): SmallBlock[] {
  let sum = 0;
  const last = blocks.findIndex(({ block }) => {
    sum += block.receipts;
    return sum >= receipts;
  });
  return last < 0 ? [...blocks] : blocks.slice(0, last + 1);
}
