import type { Database } from "bun:sqlite";
import { freeBytes } from "../../../memory/free-bytes.ts";
import type { RecordBatch } from "../../record-batch.ts";
import type { BlockRows, EncodedBlock } from "../block/block.ts";
import { deleteBlock, droppedRecordId, insertBlock, lastBlockId, newestRecordId } from "../block/block-catalog.ts";
import { FULL_CHARACTERS, FULL_ROWS, isFull } from "../block/block-size.ts";
import { encodeBlock } from "../block/plain-block.ts";
import { createReceiptKeeper, type ReceiptKeeper } from "../receipt/receipt-keeper.ts";
import type { DigestedReceipt } from "../receipt/receipts.ts";
import { stampCommit } from "../wal/stamp.ts";

/** What is to be committed together: everything in it is on disk, or nothing. */
export type AppendRequest = {
  batch: RecordBatch;
  /** Records that go before those of the batch, made into blocks already: their ids are given here. */
  encoded?: readonly EncodedBlock[];
  receipts: DigestedReceipt[];
  /** When the collector took the records in, in ms: their time of receipt, and their time where they had none. */
  receivedAtMs: number;
};

type Encodable = Pick<AppendRequest, "batch" | "receivedAtMs">;

/** The one place where records and blocks get their ids. */
export type Appender = {
  /** Makes blocks of a batch whose records are to be appended later, with others. */
  encode(batch: Encodable): EncodedBlock[];
  /** Commits the request; on disk when it returns. Answers with the id of the first record. */
  append(request: AppendRequest): number;
  /** Puts one block in the place of others in one transaction; false where one of these was gone. */
  replace(replaced: { id: number; firstId: number }[], block: EncodedBlock): boolean;
};

export type AppenderOptions = {
  receipts?: ReceiptKeeper;
  /** No block is made larger, in bytes as stored. */
  mostBytes?: number;
  /** No id up to this one is given again. */
  lastId?: number;
  /** Told how many bytes are about to be written; throws where there is no room for them. */
  requireRoom?: (bytes: number) => void;
};

export function createAppender(database: Database, options: AppenderOptions = {}): Appender {
  const { receipts: keeper = createReceiptKeeper(database), lastId = 0, requireRoom = () => {} } = options;
  // As stored it is less.
  const mostCharacters = Math.min(FULL_CHARACTERS, options.mostBytes ?? FULL_CHARACTERS);
  let nextRecordId = Math.max(newestRecordId(database), droppedRecordId(database), lastId) + 1;
  let nextBlockId = lastBlockId(database) + 1;

  const commitAppend = database.transaction(
    (blocks: readonly EncodedBlock[], receipts: readonly DigestedReceipt[], lastRecordId: number) => {
      for (const [index, block] of blocks.entries()) insertBlock(database, nextBlockId + index, block);
      if (receipts.length > 0) keeper.insert(receipts, lastRecordId);
      stampCommit(database);
    },
  );

  const commitReplace = database.transaction((replaced: { id: number; firstId: number }[], block: EncodedBlock) => {
    for (const { id, firstId } of replaced) if (!deleteBlock(database, id, firstId)) throw new StaleReplacement();
    insertBlock(database, nextBlockId, block);
    stampCommit(database);
  });

  return {
    encode: (batch) => encodeBatch(batch, mostCharacters),
    append(request) {
      const firstId = nextRecordId;
      const blocks = [...(request.encoded ?? []), ...encodeBatch(request, mostCharacters)];
      const lastId = numberRecords(blocks, firstId);
      requireRoom(blocks.reduce((sum, { meta }) => sum + meta.bytes, 0));
      commitAppend.immediate(blocks, request.receipts, lastId);
      freeBlocks(blocks);
      // Only now: a commit that failed has used no ids.
      nextRecordId = lastId + 1;
      nextBlockId += blocks.length;
      return firstId;
    },
    replace(replaced, block) {
      requireRoom(block.meta.bytes);
      try {
        commitReplace.immediate(replaced, block);
      } catch (error) {
        if (error instanceof StaleReplacement) return false;
        throw error;
      }
      freeBlocks([block]);
      nextBlockId += 1;
      return true;
    },
  };
}

class StaleReplacement extends Error {}

/** They are in the database, and nobody else's: a block's parts have memory of their own. */
function freeBlocks(blocks: readonly EncodedBlock[]): void {
  for (const { parts } of blocks) for (const { data } of parts) freeBytes(data);
}

/** Gives the blocks' records their ids, one after another, and answers the last one. */
function numberRecords(blocks: readonly EncodedBlock[], firstId: number): number {
  let nextId = firstId;
  for (const { meta } of blocks) {
    meta.firstId = nextId;
    nextId += meta.rows;
    meta.lastId = nextId - 1;
  }
  return nextId - 1;
}

/** The blocks of a batch, whose records have no ids yet: one, but for very large requests. */
function encodeBatch({ batch, receivedAtMs }: Encodable, mostCharacters: number): EncodedBlock[] {
  const { timestampMs, digits } = batch;
  for (let row = 0; row < batch.rows; row += 1) {
    if (!Number.isNaN(timestampMs[row])) continue;
    timestampMs[row] = receivedAtMs;
    digits[row] = 3;
  }
  const rows: BlockRows = {
    ...batch,
    firstId: 0,
    receivedMs: new Float64Array(batch.rows).fill(receivedAtMs),
  };
  return splitRows(rows, mostCharacters).map(({ part, characters }) => {
    // A part that is full stays as it is: no merge will bring it its filters later.
    const full = isFull({ rows: part.rows, characters });
    return encodeBlock(part, { blooms: full, bundle: !full });
  });
}

/** Parts that are no larger than a block may be. */
function splitRows(rows: BlockRows, mostCharacters: number): { part: BlockRows; characters: number }[] {
  const parts: { part: BlockRows; characters: number }[] = [];
  let from = 0;
  let characters = 0;
  for (let row = 0; row < rows.rows; row += 1) {
    characters += (rows.messageLengths[row] as number) + (rows.attributeLengths[row] as number);
    if (row + 1 < rows.rows && row + 1 - from < FULL_ROWS && characters < mostCharacters) continue;
    parts.push({ part: sliceRows(rows, from, row + 1), characters });
    from = row + 1;
    characters = 0;
  }
  return parts;
}

function sliceRows(rows: BlockRows, from: number, to: number): BlockRows {
  return {
    ...rows,
    rows: to - from,
    firstId: rows.firstId + from,
    timestampMs: rows.timestampMs.subarray(from, to),
    nanos: rows.nanos.subarray(from, to),
    digits: rows.digits.subarray(from, to),
    receivedMs: rows.receivedMs.subarray(from, to),
    severity: rows.severity.subarray(from, to),
    service: rows.service.subarray(from, to),
    messageLengths: rows.messageLengths.subarray(from, to),
    messageOffsets: rows.messageOffsets.subarray(from, to + 1),
    attributeLengths: rows.attributeLengths.subarray(from, to),
    attributeOffsets: rows.attributeOffsets.subarray(from, to + 1),
  };
}
