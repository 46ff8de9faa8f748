import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { digestOfToken, type Scope, type StoredToken, type TokenUse } from "../../../schema/token.ts";
import { stampCommit } from "../wal/stamp.ts";

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
  const values = [name, service, scopes.join(","), digestOfToken(secret), nowMs, expiresAt, rateLimit, dailyQuotaBytes];
  change(
    database,
    `INSERT INTO token (name, service, scopes, digest, created_at, expires_at, rate_limit, daily_quota_bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    values,
  );
  return secret;
}

/**
 * Gives a token that is in force a new secret, and returns it; undefined where there is no such token. The old secret is
 * good until `previousUntil`; null ends it, and any one before it, at once.
 */
export function rotateToken(database: Database, name: string, previousUntil: number | null = null): string | undefined {
  const secret = newSecret();
  const changes = change(
    database,
    `UPDATE token SET digest = ?, previous_digest = iif(?2 IS NULL, NULL, digest), previous_until = ?2
     WHERE name = ?3 AND revoked_at IS NULL`,
    [digestOfToken(secret), previousUntil, name],
  );
  return changes === 0 ? undefined : secret;
}

/** Takes a token out of force, and says whether there was one. */
export function revokeToken(database: Database, name: string, nowMs: number): boolean {
  return change(database, "UPDATE token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", [nowMs, name]) > 0;
}

/** Notes when a token was last used, and how much of its quota. */
export function noteTokenUse(database: Database, { id, usedAt, quotaDay, quotaBytes }: TokenUse): void {
  const values = [usedAt, quotaDay, quotaBytes, id];
  change(database, "UPDATE token SET last_used_at = ?, quota_day = ?, quota_bytes = ? WHERE id = ?", values);
}

/** Commits one statement, and says how many tokens it changed. */
function change(database: Database, sql: string, values: (string | number | null)[]): number {
  const commit = database.transaction(() => {
    const { changes } = database.query(sql).run(...values);
    if (changes > 0) stampCommit(database);
    return changes;
  });
  return commit.immediate();
}

/** 192 random bits; the prefix lets secret scanners and people recognise it. */
function newSecret(): string {
  return `lct_${randomBytes(24).toString("base64url")}`;
}
