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
};
