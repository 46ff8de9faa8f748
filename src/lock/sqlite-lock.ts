import { Database } from "bun:sqlite";
import { truncateSync } from "node:fs";
import type { LockHolder, ProcessLock } from "./lock-holder.ts";

/**
 * A lock by SQLite's write lock on a small file, which also says who has it: for systems whose kernel has no better one, and
 * what earlier versions took. The kernel takes it back however the process ends. Throws where the file cannot be used.
 */
export function lockBySqlite(path: string, pid: number): ProcessLock | LockHolder {
  const lock = openLockFile(path);
  let holder: number | undefined;
  try {
    holder = nameIn(lock);
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

/** Who has such a lock; undefined where nobody does, or that cannot be told. */
export function holderBySqlite(path: string): number | undefined {
  const lock = openLockFile(path);
  try {
    const holder = nameIn(lock);
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

/** Nothing in it is worth anything after a crash or a power cut: where it is damaged it is made empty, which ends no lock on it. */
function openLockFile(path: string): Database {
  try {
    return tryToOpen(path);
  } catch {
    truncateSync(path);
    return tryToOpen(path);
  }
}

function tryToOpen(path: string): Database {
  const lock = new Database(path, { strict: true });
  try {
    lock.run("PRAGMA synchronous=OFF");
    lock.run("PRAGMA journal_mode=MEMORY");
    nameIn(lock);
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Undefined also where that is being written at this moment. */
function nameIn(lock: Database): number | undefined {
  try {
    if (lock.query("SELECT 1 FROM sqlite_schema WHERE name = 'holder'").get() === null) return undefined;
    return lock.query<{ pid: number }, []>("SELECT pid FROM holder").get()?.pid;
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code === "SQLITE_BUSY";
}
