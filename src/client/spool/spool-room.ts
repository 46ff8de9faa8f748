import { LogctlError } from "../../errors.ts";
import type { Batch } from "../batch.ts";
import type { Sleep } from "../retry.ts";
import type { Spool } from "./spool-batch.ts";
import type { SpoolPolicy } from "./spool-policy.ts";

export type SpoolRoomOptions = {
  policy: SpoolPolicy;
  /** Those that share the room, oldest first. */
  spools: () => readonly Spool[];
  /** Whether there is nothing to wait for, and what comes is put on disk whatever the limit. */
  isForced: () => boolean;
  /** Ends a wait. */
  signal: AbortSignal;
  sleep: Sleep;
  /** Told of how many records the oldest batches had that were given up. */
  onDropped(count: number): void;
};

export type SpoolRoom = {
  /**
   * Appends a batch, when there is room for it or as the policy says where there is none. Says why no more is to be taken, for
   * which one batch may exceed the limit. `sync` as `append` has it. Throws where the batch is not on disk.
   */
  put(spool: Spool, batch: Batch, sync: boolean): Promise<LogctlError | undefined>;
  /** Resolves with the next change, but after `ms` at the latest. */
  nextChange(ms: number): Promise<void>;
  /** Something was delivered, or nothing more will be. */
  change(): void;
};

/** How often room is looked for on a disk that others fill. */
const LOOK_AGAIN_MS = 1_000;

/** Keeps what waits within its limit. */
export function createSpoolRoom({ policy, spools, isForced, signal, sleep, onDropped }: SpoolRoomOptions): SpoolRoom {
  const { maxBytes, onFull } = policy;
  let changed = new AbortController();
  signal.addEventListener("abort", () => changed.abort(), { once: true });

  function whyFull(batch: Batch): LogctlError | undefined {
    const waiting = spools().reduce((sum, spool) => sum + spool.bytes(), 0);
    const bytes = batch.records.reduce((sum, record) => sum + record.length + 1, 0);
    if (waiting + bytes <= maxBytes) return undefined;
    const advice = "logctl spool status shows what waits, and --spool-max-size and --on-full what becomes of more";
    return new LogctlError("spool_full", `the spool is full, with ${waiting} bytes of at most ${maxBytes}: ${advice}`);
  }

  /** Why the batch could not be appended for want of room on the disk. */
  function tryToAppend(spool: Spool, batch: Batch, sync: boolean): LogctlError | undefined {
    try {
      spool.append(batch, sync);
      return undefined;
    } catch (error) {
      if (error instanceof LogctlError && error.code === "spool_full" && !isForced() && onFull !== "fail") return error;
      throw error;
    }
  }

  function dropOldest(): number {
    for (const spool of spools()) {
      const count = spool.dropOldest();
      if (count > 0) return count;
    }
    return 0;
  }

  function nextChange(ms: number): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    changed = new AbortController();
    return sleep(ms, changed.signal);
  }

  return {
    async put(spool, batch, sync) {
      for (;;) {
        const full = whyFull(batch);
        const mayAppend = full === undefined || isForced() || onFull === "fail";
        const noRoom = mayAppend ? tryToAppend(spool, batch, sync) : full;
        if (noRoom === undefined) return isForced() ? undefined : full;
        if (onFull === "drop-oldest") {
          const dropped = dropOldest();
          onDropped(dropped);
          if (dropped > 0) continue;
          // All that waits is under way: this batch comes on top of it.
          spool.append(batch);
          return undefined;
        }
        await nextChange(LOOK_AGAIN_MS);
      }
    },
    nextChange,
    change: () => changed.abort(),
  };
}
