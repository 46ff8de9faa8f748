/** What a token may do: write logs, read them, or everything. */
export const SCOPES = ["ingest", "read", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Stands for every service, where a token is not bound to one. */
export const ANY_SERVICE = "*";

/** What is kept of a token instead of it: SHA-256 in hexadecimal. */
export function digestOfToken(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("hex");
}

/** A token as it is kept. Times in ms since the epoch. */
export type StoredToken = {
  id: number;
  name: string;
  /** The one service it writes and reads as, or ANY_SERVICE. */
  service: string;
  scopes: Scope[];
  /** See `digestOfToken`. */
  digest: string;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  /** The digest of the secret before the last rotation, good until `previousUntil`; null where there is none. */
  previousDigest: string | null;
  previousUntil: number | null;
  /** Records a second that it may write on average; null without limit. */
  rateLimit: number | null;
  /** Bytes of bodies, after decompression, that it may write on a day of UTC; null without limit. */
  dailyQuotaBytes: number | null;
  /** To the minute or so; null where it was never used. */
  lastUsedAt: number | null;
  /** How much of the quota was used, and on which day since the epoch that was. */
  quotaDay: number | null;
  quotaBytes: number;
};

/** What is noted of a token's use. */
export type TokenUse = Pick<StoredToken, "id" | "quotaBytes"> & { usedAt: number; quotaDay: number };
