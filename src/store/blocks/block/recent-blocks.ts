import type { Database } from "bun:sqlite";
import { onRelease } from "../../../memory/scratch.ts";
import type { BlockReader } from "./block-reader.ts";

/** As many blocks as a rare word is in, and more. */
const MAX_BLOCKS = 16;
/** What may have been read of all but the latest of them, in bytes as they lie in the database, or of text. */
const MAX_READ_BYTES = 3 * 1024 * 1024;

type Recent = {
  block: BlockReader;
  /** How much of it was read so far. */
  readBytes: () => number;
};

/**
 * The same records are asked for again and again, the newest above all: the blocks from which records were read last, the latest
 * first, are kept as far as they were unpacked.
 */
let recentOf = new WeakMap<Database, Recent[]>();
onRelease(() => {
  recentOf = new WeakMap();
});

/** To be asked for each block that is read: those that have become large meanwhile are let go of. */
export function findRecent(database: Database, blockId: number): BlockReader | undefined {
  const recent = recentOf.get(database);
  if (recent === undefined) return undefined;
  const kept = thatFit(recent);
  recentOf.set(database, kept);
  return kept.find(({ block }) => block.meta.id === blockId)?.block;
}

/** `readBytes` says how much of the block was read so far; infinitely much where it is only to be kept until another such one is read. */
export function keepRecent(database: Database, block: BlockReader, readBytes: () => number): void {
  const others = recentOf.get(database)?.filter((recent) => recent.block.meta.id !== block.meta.id) ?? [];
  recentOf.set(database, thatFit([{ block, readBytes }, ...others]));
}

/** The latest in any case, of the others those for which there is room, and of those that are too large for that the latest as well. */
function thatFit(recent: readonly Recent[]): Recent[] {
  let room = MAX_READ_BYTES;
  let hasLarge = false;
  return recent.filter(({ readBytes }, place) => {
    const bytes = readBytes();
    if (bytes > MAX_READ_BYTES) {
      const isLatest = !hasLarge;
      hasLarge = true;
      return isLatest;
    }
    if (place === 0) return true;
    if (place >= MAX_BLOCKS || bytes > room) return false;
    room -= bytes;
    return true;
  });
}
