import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { digestOfToken, type Scope, type StoredToken } from "../schema/token.ts";

type TokenRow = {
  id: number;
  name: string;
  service: string;
  scopes: string;
  digest: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
};

/** Every token ever made, revoked ones included, in the order in which they were made. */
export function listTokens(database: Database): StoredToken[] {
  return database
    .query<TokenRow, []>("SELECT * FROM token ORDER BY id")
    .all()
    .map(({ created_at, expires_at, revoked_at, scopes, ...row }) => ({
      ...row,
      scopes: scopes.split(",") as Scope[],
      createdAt: created_at,
      expiresAt: expires_at,
      revokedAt: revoked_at,
    }));
}

export type NewToken = { name: string; service: string; scopes: Scope[]; expiresAt: number | null };

/** Makes a token and returns it; it cannot be had again. */
export function createToken(database: Database, { name, service, scopes, expiresAt }: NewToken, nowMs: number): string {
  const token = newSecret();
  database
    .query("INSERT INTO token (name, service, scopes, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)")
    .run(name, service, scopes.join(","), digestOfToken(token), nowMs, expiresAt);
  return token;
}

/** Gives a token that is in force a new secret, and returns it; undefined where there is no such token. */
export function rotateToken(database: Database, name: string): string | undefined {
  const token = newSecret();
  const { changes } = database
    .query("UPDATE token SET digest = ? WHERE name = ? AND revoked_at IS NULL")
    .run(digestOfToken(token), name);
  return changes === 0 ? undefined : token;
}

/** Takes a token out of force, and says whether there was one. */
export function revokeToken(database: Database, name: string, nowMs: number): boolean {
  return database.query("UPDATE token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL").run(nowMs, name).changes > 0;
}

/** 192 random bits; the prefix lets secret scanners and people recognise it. */
function newSecret(): string {
  return `lct_${randomBytes(24).toString("base64url")}`;
}
