import type { Database } from "bun:sqlite";

/** What SQLite answers to a PRAGMA that is a number. */
export function readPragma(database: Database, name: string): number {
  return database.query<Record<string, number>, []>(`PRAGMA ${name}`).get()?.[name] ?? 0;
}

/** Has a piece of work wait for the locks of other connections for so long only. */
export function withBusyTimeout(database: Database, ms: number, work: () => void): void {
  const before = database.query<{ timeout: number }, []>("PRAGMA busy_timeout").get()?.timeout ?? 0;
  database.run(`PRAGMA busy_timeout=${ms}`);
  try {
    work();
  } finally {
    database.run(`PRAGMA busy_timeout=${before}`);
  }
}
