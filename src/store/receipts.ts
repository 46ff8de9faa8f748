import type { Database } from "bun:sqlite";
import { IDEMPOTENCY_KEY_RETENTION_MS } from "../schema/limits.ts";
import { stampCommit } from "./stamp.ts";

/** What an idempotency key was answered with; it is stored in the transaction that stores the records. */
export type Receipt = {
  /** Whose key it is: the id of a token, so that two services may use the same key. */
  scope: number;
  key: string;
  /** Tells whether a retry has the same body. */
  bodyHash: string;
  /** The answer's JSON text. */
  answer: string;
};

export function insertReceipt(database: Database, { scope, key, bodyHash, answer }: Receipt, nowMs: number): void {
  database.query("INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?)").run(scope, key, bodyHash, answer, nowMs);
}

export function findReceipt(database: Database, scope: number, key: string): Receipt | undefined {
  const row = database
    .query<{ body_hash: string; answer: string }, [number, string]>(
      "SELECT body_hash, answer FROM receipt WHERE scope = ? AND key = ?",
    )
    .get(scope, key);
  return row === null ? undefined : { scope, key, bodyHash: row.body_hash, answer: row.answer };
}

/** So few at a time that nobody who waits to write notices. */
const RECEIPTS_AT_A_TIME = 1000;

/** Forgets receipts older than they need be kept, a bounded number at a time; says whether there may be more. */
export function pruneReceipts(database: Database, nowMs: number): boolean {
  const prune = database.transaction(() => {
    const { changes } = database
      .query("DELETE FROM receipt WHERE (scope, key) IN (SELECT scope, key FROM receipt WHERE created_at < ? LIMIT ?)")
      .run(nowMs - IDEMPOTENCY_KEY_RETENTION_MS, RECEIPTS_AT_A_TIME);
    if (changes > 0) stampCommit(database);
    return changes === RECEIPTS_AT_A_TIME;
  });
  return prune.immediate();
}
