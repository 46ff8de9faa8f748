import { LogctlError } from "../errors.ts";
import { lockForProcess } from "../process-lock.ts";
import { keepPrivate, makePrivateFile } from "./private-file.ts";

/**
 * Makes sure that one collector works on a database, by a lock on a small file beside it. Throws `database_unusable` where
 * another process has the lock.
 */
export function lockDatabase(path: string, pid: number): { release(): void } {
  const lockPath = `${path}-lock`;
  try {
    makePrivateFile(lockPath);
    keepPrivate(lockPath);
    const lock = lockForProcess(lockPath, pid);
    if ("release" in lock) return lock;
    const by = lock.holder === undefined ? "another process" : `process ${lock.holder}`;
    throw new LogctlError(
      "database_unusable",
      `the database '${path}' is in use by ${by}; stop it, or name another file by --db`,
    );
  } catch (error) {
    if (error instanceof LogctlError) throw error;
    throw new LogctlError("database_unusable", `the database '${path}' cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
