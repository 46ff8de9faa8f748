import { LogctlError } from "../../../errors.ts";
import type { NoteDamage } from "../../damage.ts";
import type { ReplaceRequest } from "../block/block.ts";
import { canStartThread } from "../thread/spare-descriptors.ts";
import { startWorker, type WorkerThread } from "../thread/worker-thread.ts";
import type { FromCompactor, ToCompactor } from "./compactor-messages.ts";

/** Compaction in the background, one merge at a time, with a rest after each. */
export type Compactor = {
  /** Told after each commit how many rows it had. */
  committed(rows: number): void;
  /** How many merges were put in place. */
  merges(): number;
  close(): Promise<void>;
};

/** So many commits, or rows, make it worth a look. */
const COMMITS_A_LOOK = 32;
const ROWS_A_LOOK = 65_536;
/**
 * How long a rest a merge is followed by, in the time that it took: long while there is not much to merge, so that a burst
 * of appends has the processors to itself; shorter once reading begins to suffer from many small blocks.
 */
const REST_FACTOR = 3;
const REST_FACTOR_BEHIND = 1;
const MANY_SMALL_BLOCKS = 1024;
/** While nothing comes in there is nobody to make room for: what was left to be merged is caught up with. */
const REST_FACTOR_IDLE = 0.25;
const IDLE_AFTER_MS = 500;
/** A merge for which the disk has no room is work for nothing. */
const REST_WITHOUT_ROOM_MS = 10_000;
/** So long after the last commit a thorough look is worth it: what is left small costs each search more than it takes to merge. */
const THOROUGH_AFTER_MS = 1000;

/** A thread that has stopped is started again after so long, which doubles each time it was not good for a merge. */
const MIN_RESTART_MS = 1000;
const MAX_RESTART_MS = 60_000;

export type CompactorThread = WorkerThread<ToCompactor, FromCompactor>;

/**
 * Starts the thread that merges; `replace` puts what it made in place, of blocks that come to `mostBytes` at most. `onFailure` is told of what went wrong. A thread that
 * stops is started again: nothing is lost with it but a merge.
 */
export function startCompactor(
  path: string,
  replace: (request: ReplaceRequest) => Promise<boolean>,
  onFailure: (error: Error) => void,
  onDamaged: NoteDamage,
  mostBytes: number,
  startThread: () => CompactorThread = () => startWorker(new URL("./compactor-worker.ts", import.meta.url)),
): Compactor {
  let stopped = false;
  let merges = 0;
  let restartMs = MIN_RESTART_MS;
  let restarting: ReturnType<typeof setTimeout> | undefined;
  let commits = 0;
  let committedAt = performance.now();
  let rows = 0;
  let busy = false;
  let wasThorough = false;
  let startedAt = 0;
  let rest: ReturnType<typeof setTimeout> | undefined;
  let closing: (() => void) | undefined;

  // Begun anew with each commit.
  let isQuiet = false;
  const quiet = setTimeout(() => {
    isQuiet = true;
    // A rest is for those who write: after a long merge it would go on for seconds without any.
    if ((!busy || rest !== undefined) && !stopped && closing === undefined) look();
  }, THOROUGH_AFTER_MS);

  function look(): void {
    clearTimeout(rest);
    rest = undefined;
    busy = true;
    commits = 0;
    rows = 0;
    startedAt = performance.now();
    wasThorough = isQuiet;
    thread.post({ type: "compact", thorough: isQuiet });
  }

  async function putInPlace(request: ReplaceRequest, small: number): Promise<void> {
    const asked = thread;
    try {
      if (await replace(request)) merges += 1;
      restartMs = MIN_RESTART_MS;
    } catch (error) {
      // The small blocks are still there; the next commit brings the next attempt, on a full disk not as soon.
      if (error instanceof LogctlError && error.code === "disk_full") {
        if (closing === undefined && thread === asked) rest = setTimeout(look, REST_WITHOUT_ROOM_MS);
        return;
      }
      busy = false;
      return onFailure(error as Error);
    }
    if (closing !== undefined || stopped || thread !== asked) return;
    const now = performance.now();
    const busyFactor = small > MANY_SMALL_BLOCKS ? REST_FACTOR_BEHIND : REST_FACTOR;
    const factor = now - committedAt > IDLE_AFTER_MS ? REST_FACTOR_IDLE : busyFactor;
    rest = setTimeout(look, (now - startedAt) * factor);
  }

  function take(message: FromCompactor): void {
    if (message.type === "compacted") {
      void putInPlace({ replaced: message.replaced, block: message.block }, message.small);
    } else if (message.type === "damaged") {
      onDamaged(message.block);
    } else if (message.type === "closed") {
      closing?.();
    } else {
      busy = false;
      if (message.type === "failed") onFailure(new Error(`compaction failed: ${message.message}`));
      else if (isQuiet && !wasThorough && closing === undefined) look();
    }
  }

  function start(): CompactorThread {
    const started = startThread();
    started.onMessage(take);
    started.onFailure((error) => {
      stopped = true;
      clearTimeout(rest);
      onFailure(error);
      closing?.();
      if (closing === undefined) restarting = setTimeout(restart, restartMs);
    });
    started.post({ type: "open", path, mostBytes });
    return started;
  }

  function restart(): void {
    restartMs = Math.min(MAX_RESTART_MS, restartMs * 2);
    if (!canStartThread()) {
      restarting = setTimeout(restart, restartMs);
      return;
    }
    stopped = false;
    thread.stop();
    thread = start();
    look();
  }

  let thread = start();
  look();

  return {
    committed(committedRows) {
      committedAt = performance.now();
      isQuiet = false;
      quiet.refresh();
      commits += 1;
      rows += committedRows;
      if (!busy && !stopped && closing === undefined && (commits >= COMMITS_A_LOOK || rows >= ROWS_A_LOOK)) look();
    },
    merges: () => merges,
    async close() {
      clearTimeout(rest);
      clearTimeout(restarting);
      clearTimeout(quiet);
      await new Promise<void>((resolve) => {
        closing = resolve;
        if (stopped) resolve();
        else thread.post({ type: "close" });
      });
      thread.stop();
    },
  };
}
