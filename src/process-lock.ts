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
  const lock = new Database(path, { strict: true });
  let holder: number | undefined;
  try {
    // What is in it is of no use after a power cut.
    lock.run("PRAGMA synchronous=OFF");
    holder = holderOf(lock);
    lock
      .transaction(() => {
        lock.run("CREATE TABLE IF NOT EXISTS holder (pid INTEGER)");
        lock.run("DELETE FROM holder");
        lock.query("INSERT INTO holder VALUES (?)").run(pid);
      })
      .immediate();
    // A reserved lock keeps every other writer out, and lets them read who holds it.
    lock.run("BEGIN IMMEDIATE");
    return { release: () => lock.close() };
  } catch (error) {
    lock.close();
    if (isBusy(error)) return { holder };
    throw error;
  }
}

/** Who has a lock, without taking it for longer than a moment; undefined where nobody does, or that cannot be told. */
export function lockHolder(path: string): number | undefined {
  const lock = new Database(path, { strict: true });
  try {
    const holder = holderOf(lock);
    try {
      lock.run("BEGIN IMMEDIATE");
      return undefined;
    } catch (error) {
      if (isBusy(error)) return holder;
      throw error;
    }
  } finally {
    lock.close();
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code === "SQLITE_BUSY";
}

/** Undefined also where that is being written at this moment. */
function holderOf(lock: Database): number | undefined {
  try {
    if (lock.query("SELECT 1 FROM sqlite_schema WHERE name = 'holder'").get() === null) return undefined;
    return lock.query<{ pid: number }, []>("SELECT pid FROM holder").get()?.pid;
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw error;
  }
}
