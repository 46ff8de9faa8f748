import type { Database } from "bun:sqlite";
import { platform, setPriority } from "node:os";
import { releaseScratch } from "../../../memory/scratch.ts";
import { buffersOfBlock } from "../block/block.ts";
import { BlockGone } from "../block/block-reader.ts";
import { openForReading } from "../file/database.ts";
import { compactOnce } from "./compaction.ts";
import type { FromCompactor, ToCompactor } from "./compactor-messages.ts";

/** A thread that makes large blocks of small ones. It reads and encodes; the writer puts the result in place. */
declare const self: Worker;

/** Whoever writes or reads goes first where there are too few processors for all. */
const NICENESS = 10;

let database: Database | undefined;
let mostBytes: number | undefined;
const damaged = new Set<number>();
/** Whether there is memory of a merge to let go of. */
let merged = false;

function answer(message: FromCompactor, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}

/** Gives memory back once there is nothing to merge. */
function rest(): void {
  if (!merged) return;
  merged = false;
  releaseScratch();
  Bun.gc(true);
}

function handle(message: ToCompactor): void {
  switch (message.type) {
    case "open":
      // On Linux it is this thread's alone; elsewhere it would be the whole collector's.
      if (platform() === "linux") setPriority(0, NICENESS);
      database = openForReading(message.path);
      mostBytes = message.mostBytes;
      return;
    case "close":
      database?.close();
      return answer({ type: "closed" });
    case "compact": {
      const result = compactOnce(database as Database, {
        thorough: message.thorough,
        mostBytes,
        damaged,
        note: (block) => answer({ type: "damaged", block }),
      });
      if (result === undefined) {
        answer({ type: "idle" });
        return rest();
      }
      merged = true;
      const replaced = result.replaced.map(({ id, firstId }) => ({ id, firstId }));
      answer({ type: "compacted", replaced, block: result.block, small: result.small }, buffersOfBlock(result.block));
      // A merge leaves megabytes behind, of which the collector of garbage hears too late. Compiled code is kept for the next.
      Bun.gc(false);
      return;
    }
  }
}

self.onmessage = ({ data }: MessageEvent<ToCompactor>) => {
  try {
    handle(data);
  } catch (error) {
    // What was to be merged was dropped meanwhile; the next look finds what is left.
    if (error instanceof BlockGone) return answer({ type: "idle" });
    answer({ type: "failed", message: (error as Error).message });
  }
};
