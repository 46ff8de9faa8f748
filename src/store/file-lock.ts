import { Database } from "bun:sqlite";
import { LogctlError } from "../errors.ts";
import { keepPrivate, makePrivateFile } from "./private-file.ts";

/**
 * Makes sure that one collector works on a database. The lock is an SQLite write lock on a small file beside it, which
 * the kernel takes back however the process ends; the file also says who has it. Throws `database_unusable` where
 * another process has the lock.
 */
export function lockDatabase(path: string, pid: number): { release(): void } {
  const lockPath = `${path}-lock`;
  let lock: Database | undefined;
  try {
    makePrivateFile(lockPath);
    keepPrivate(lockPath);
    lock = new Database(lockPath, { strict: true });
    lock.run("CREATE TABLE IF NOT EXISTS holder (pid INTEGER)");
    const holder = lock.query<{ pid: number }, []>("SELECT pid FROM holder").get()?.pid;
    takeLock(lock, path, holder);
    const held = lock;
    return { release: () => held.close() };
  } catch (error) {
    lock?.close();
    if (error instanceof LogctlError) throw error;
    throw new LogctlError("database_unusable", `the database '${path}' cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }

  function takeLock(lock: Database, databasePath: string, holder: number | undefined): void {
    try {
      lock
        .transaction(() => {
          lock.run("DELETE FROM holder");
          lock.query("INSERT INTO holder VALUES (?)").run(pid);
        })
        .immediate();
      // A reserved lock keeps every other writer out, and lets them read who holds it.
      lock.run("BEGIN IMMEDIATE");
    } catch (error) {
      if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
      const by = holder === undefined ? "another process" : `process ${holder}`;
      throw new LogctlError(
        "database_unusable",
        `the database '${databasePath}' is in use by ${by}; stop it, or name another file by --db`,
        {
          cause: error,
        },
      );
    }
  }
}
