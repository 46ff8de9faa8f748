import type { Database } from "bun:sqlite";
import type { BlockReader } from "./block-reader.ts";
import { onRelease } from "./scratch.ts";

/** As many blocks as a rare word is in, and more. */
const MAX_BLOCKS = 16;
/** What may have been read of all but the latest of them, in bytes as they lie in the database. */
const MAX_READ_BYTES = 3 * 1024 * 1024;

type Recent = {
  block: BlockReader;
  /** How much of it was read so far. */
  readBytes: () => number;
};

/**
 * The same records are asked for again and again, the newest above all: the blocks from which records were read last, by their
 * ids and the latest at the end, are kept as far as they were unpacked.
 */
let recentOf = new WeakMap<Database, Map<number, Recent>>();
onRelease(() => {
  recentOf = new WeakMap();
});

/** To be asked for each block that is read: those that have become large meanwhile are let go of. */
export function findRecent(database: Database, blockId: number): BlockReader | undefined {
  const recent = recentOf.get(database);
  if (recent === undefined) return undefined;
  trim(recent);
  return recent.get(blockId)?.block;
}

/** `readBytes` says how much of the block was read so far; infinitely much where it is only to be kept until another is read. */
export function keepRecent(database: Database, block: BlockReader, readBytes: () => number): void {
  const recent = recentOf.get(database) ?? new Map<number, Recent>();
  recentOf.set(database, recent);
  recent.delete(block.meta.id);
  recent.set(block.meta.id, { block, readBytes });
  trim(recent);
}

/** The latest stays in any case; of the others those that were read last as far as there is room. */
function trim(recent: Map<number, Recent>): void {
  if (recent.size <= MAX_BLOCKS && readOfOthers(recent) <= MAX_READ_BYTES) return;
  const others = [...recent].reverse().slice(1);
  let room = MAX_READ_BYTES;
  for (const [place, [id, { readBytes }]] of others.entries()) {
    if (place + 1 < MAX_BLOCKS && readBytes() <= room) room -= readBytes();
    else recent.delete(id);
  }
}

/** How much was read of all but the latest. */
function readOfOthers(recent: Map<number, Recent>): number {
  let sum = 0;
  let latest = 0;
  for (const { readBytes } of recent.values()) {
    sum += latest;
    latest = readBytes();
  }
  return sum;
}
