import { Database } from "bun:sqlite";

export type ProcessLock = { release(): void };

/** Who has a lock that was refused; undefined where that cannot be told. */
export type LockHolder = { holder: number | undefined };

/**
 * Locks for this process what the file at `path` stands for, or says who has it. The lock is an SQLite write lock, which the
 * kernel takes back however the process ends; the file also says who has it. The file must be there, or a place to make it.
 * Throws where it cannot be used.
 */
export function lockForProcess(path: string, pid: number): ProcessLock | LockHolder {
  let lock: Database | undefined;
  try {
    const opened = new Database(path, { strict: true });
    lock = opened;
    opened.run("CREATE TABLE IF NOT EXISTS holder (pid INTEGER)");
    const holder = holderOf(opened);
    if (takeLock(opened, pid)) return { release: () => opened.close() };
    opened.close();
    return { holder };
  } catch (error) {
    lock?.close();
    throw error;
  }
}

function takeLock(lock: Database, pid: number): boolean {
  try {
    lock
      .transaction(() => {
        lock.run("DELETE FROM holder");
        lock.query("INSERT INTO holder VALUES (?)").run(pid);
      })
      .immediate();
    // A reserved lock keeps every other writer out, and lets them read who holds it.
    lock.run("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    return false;
  }
}

function holderOf(lock: Database): number | undefined {
  return lock.query<{ pid: number }, []>("SELECT pid FROM holder").get()?.pid;
}
