/** What a token may do: write logs, read them, or everything. */
export const SCOPES = ["ingest", "read", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Stands for every service, where a token is not bound to one. */
export const ANY_SERVICE = "*";

/** What is kept of a token instead of it: SHA-256 in hexadecimal. */
export function digestOfToken(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("hex");
}
