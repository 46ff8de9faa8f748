import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { digestOfToken, type Scope, type StoredToken, type TokenUse } from "../schema/token.ts";

/** Columns added to files that were made before them; an older logctl does not know of them and reads them all the same. */
const ADDED_COLUMNS: Record<string, string> = {
  previous_digest: "TEXT",
  previous_until: "INTEGER",
  rate_limit: "INTEGER",
  daily_quota_bytes: "INTEGER",
  last_used_at: "INTEGER",
  quota_day: "INTEGER",
  quota_bytes: "INTEGER NOT NULL DEFAULT 0",
};

/** Adds what the table of tokens lacks; to be called within a transaction that writes. */
export function addTokenColumns(database: Database): void {
  const there = database.query<{ name: string }, []>("SELECT name FROM pragma_table_info('token')").all();
  for (const [column, type] of Object.entries(ADDED_COLUMNS)) {
    if (!there.some(({ name }) => name === column)) database.run(`ALTER TABLE token ADD COLUMN ${column} ${type}`);
  }
}

type TokenRow = Omit<StoredToken, "scopes"> & { scopes: string };

/** Every token ever made, revoked ones included, in the order in which they were made. */
export function listTokens(database: Database): StoredToken[] {
  return database
    .query<TokenRow, []>(
      `SELECT id, name, service, scopes, digest, created_at AS createdAt, expires_at AS expiresAt, revoked_at AS revokedAt,
        previous_digest AS previousDigest, previous_until AS previousUntil, rate_limit AS rateLimit,
        daily_quota_bytes AS dailyQuotaBytes, last_used_at AS lastUsedAt, quota_day AS quotaDay, quota_bytes AS quotaBytes
       FROM token ORDER BY id`,
    )
    .all()
    .map((row) => ({ ...row, scopes: row.scopes.split(",") as Scope[] }));
}

export type NewToken = Pick<StoredToken, "name" | "service" | "scopes" | "expiresAt"> &
  Partial<Pick<StoredToken, "rateLimit" | "dailyQuotaBytes">>;

/** Makes a token and returns it; it cannot be had again. */
export function createToken(database: Database, token: NewToken, nowMs: number): string {
  const secret = newSecret();
  const { name, service, scopes, expiresAt, rateLimit = null, dailyQuotaBytes = null } = token;
  database
    .query(
      `INSERT INTO token (name, service, scopes, digest, created_at, expires_at, rate_limit, daily_quota_bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(name, service, scopes.join(","), digestOfToken(secret), nowMs, expiresAt, rateLimit, dailyQuotaBytes);
  return secret;
}

/**
 * Gives a token that is in force a new secret, and returns it; undefined where there is no such token. The old secret is
 * good until `previousUntil`; null ends it, and any one before it, at once.
 */
export function rotateToken(database: Database, name: string, previousUntil: number | null = null): string | undefined {
  const secret = newSecret();
  const { changes } = database
    .query(
      `UPDATE token SET digest = ?, previous_digest = iif(?2 IS NULL, NULL, digest), previous_until = ?2
       WHERE name = ?3 AND revoked_at IS NULL`,
    )
    .run(digestOfToken(secret), previousUntil, name);
  return changes === 0 ? undefined : secret;
}

/** Takes a token out of force, and says whether there was one. */
export function revokeToken(database: Database, name: string, nowMs: number): boolean {
  return database.query("UPDATE token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL").run(nowMs, name).changes > 0;
}

/** Notes when a token was last used, and how much of its quota. */
export function noteTokenUse(database: Database, { id, usedAt, quotaDay, quotaBytes }: TokenUse): void {
  database
    .query("UPDATE token SET last_used_at = ?, quota_day = ?, quota_bytes = ? WHERE id = ?")
    .run(usedAt, quotaDay, quotaBytes, id);
}

/** 192 random bits; the prefix lets secret scanners and people recognise it. */
function newSecret(): string {
  return `lct_${randomBytes(24).toString("base64url")}`;
}
