import type { Database } from "bun:sqlite";

/** Makes of a new database's tables of receipts the one that formats 1 to 3 had. */
export function makeOldReceipts(database: Database): void {
  for (const table of ["receipt", "receipt_part"]) database.run(`DROP TABLE ${table}`);
  database.run(`CREATE TABLE receipt (
    scope INTEGER NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID`);
  database.run("CREATE INDEX receipt_by_age ON receipt (created_at)");
}
