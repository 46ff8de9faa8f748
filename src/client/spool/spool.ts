import { join } from "node:path";
import { LogctlError } from "../../errors.ts";
import type { LockHolder, ProcessLock } from "../../lock/lock-holder.ts";
import { lockForProcess } from "../../lock/process-lock.ts";
import { keepToOwner } from "./own-files.ts";
import type { Spool } from "./spool-batch.ts";
import { openSpoolQueue } from "./spool-queue.ts";

export type SpoolOptions = {
  /** Which is there. */
  folder: string;
  pid: number;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** A segment is begun rather than made larger than this. */
  segmentBytes?: number;
};

/** Small enough that what is delivered gives its room back soon, and large enough that files are few. */
const SEGMENT_BYTES = 4 * 1024 * 1024;

export const LOCK_FILE = "lock";

/**
 * Opens the spool in a folder for this process alone, or says which one has it. What others could write to is made its owner's
 * only; what belongs to another user, or leads elsewhere, is not used.
 */
export function openSpool({ folder, pid, now, segmentBytes = SEGMENT_BYTES }: SpoolOptions): Spool | LockHolder {
  function guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw spoolError(folder, error);
    }
  }

  function openLocked(lock: ProcessLock): Spool {
    const queue = openSpoolQueue({ folder, deadFolder: deadFolderOf(folder), now, segmentBytes });
    return {
      ...queue,
      folder,
      append: (batch, sync) => guard(() => queue.append(batch, sync)),
      head: () => guard(queue.head),
      save: (sync) => guard(() => queue.save(sync)),
      remove: () => guard(queue.remove),
      dropOldest: () => guard(queue.dropOldest),
      close() {
        try {
          guard(queue.close);
        } finally {
          lock.release();
        }
      },
    };
  }

  return guard(() => {
    keepToOwner(folder);
    const lock = lockForProcess(join(folder, LOCK_FILE), pid);
    if (!("release" in lock)) return lock;
    try {
      return openLocked(lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/** Where a spool keeps what was refused, and what cannot be read. */
export function deadFolderOf(folder: string): string {
  return join(folder, "dead");
}

const DISK_IS_FULL = ["ENOSPC", "EDQUOT", "EFBIG"];

/** What a failure of the file system means for who spools. */
export function spoolError(folder: string, cause: unknown): LogctlError {
  const { code, message } = cause as { code?: string; message: string };
  if (code !== undefined && DISK_IS_FULL.includes(code)) {
    return new LogctlError("spool_full", `there is no room on the disk for the spool '${folder}'`, { cause });
  }
  return new LogctlError("spool_unusable", `the spool '${folder}' cannot be used: ${message}; name another place by --spool`, {
    cause,
  });
}
