import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import type { BlockKind, FileMeasures } from "../../measures.ts";
import { DENSE_VERSION } from "../block/block.ts";
import { countBlocks } from "../block/block-catalog.ts";
import { freeDiskBytes } from "../file/disk-room.ts";
import { sumReceipts } from "../receipt/receipt-blocks.ts";
import { walBytes } from "../wal/wal.ts";

export function measureFiles(database: Database, path: string): FileMeasures {
  const blocks: Record<BlockKind, number> = { plain: 0, dense: 0 };
  let records = 0;
  for (const group of countBlocks(database)) {
    blocks[group.version === DENSE_VERSION ? "dense" : "plain"] += group.blocks;
    records += group.records;
  }
  return {
    blocks,
    records,
    receipts: sumReceipts(database),
    databaseBytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    walBytes: walBytes(path),
    diskFreeBytes: freeDiskBytes(path),
  };
}
