import { LogctlError } from "../../../errors.ts";
import type { ProcessLock } from "../../../lock/lock-holder.ts";
import { lockFileItself, lockForProcess } from "../../../lock/process-lock.ts";
import { keepPrivate, makePrivateFile } from "./private-file.ts";

/**
 * Makes sure that one collector works on a database, which must be there. Two locks do it: one on the database's own file,
 * whatever it is called, where the kernel has such locks; and one on a small file beside it, which outlives the database's
 * own, and which earlier versions know. Neither needs what is in the small file. Throws `database_unusable` where another
 * process has one of the locks.
 */
export function lockDatabase(path: string, pid: number): ProcessLock {
  const held: ProcessLock[] = [];
  const release = () => {
    for (const lock of held) lock.release();
  };
  try {
    const own = lockFileItself(path, pid);
    if (own !== undefined) held.push(takenOr(own, path));
    try {
      held.push(takenOr(lockBeside(path, pid), path));
    } catch (error) {
      // No lock file stops a start: it is a second lock.
      if (own === undefined || error instanceof LogctlError) throw error;
    }
    return { release };
  } catch (error) {
    release();
    if (error instanceof LogctlError) throw error;
    throw new LogctlError("database_unusable", `the database '${path}' cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function lockBeside(path: string, pid: number) {
  const lockPath = `${path}-lock`;
  makePrivateFile(lockPath);
  keepPrivate(lockPath);
  return lockForProcess(lockPath, pid);
}

function takenOr(lock: ReturnType<typeof lockForProcess>, path: string): ProcessLock {
  if ("release" in lock) return lock;
  const by = lock.holder === undefined ? "another process" : `process ${lock.holder}`;
  throw new LogctlError("database_unusable", `the database '${path}' is in use by ${by}; stop it, or name another file by --db`);
}
