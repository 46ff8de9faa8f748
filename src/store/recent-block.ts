import type { Database } from "bun:sqlite";
import type { BlockReader } from "./block-reader.ts";
import { onRelease } from "./scratch.ts";

/** The newest records are asked for again and again: the block from which records were last read is kept as far as it was unpacked. */
let recentOf = new WeakMap<Database, BlockReader>();
onRelease(() => {
  recentOf = new WeakMap();
});

export function findRecent(database: Database, blockId: number): BlockReader | undefined {
  const recent = recentOf.get(database);
  return recent?.meta.id === blockId ? recent : undefined;
}

export function keepRecent(database: Database, block: BlockReader): void {
  recentOf.set(database, block);
}
