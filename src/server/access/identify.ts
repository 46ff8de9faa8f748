import { randomBytes, timingSafeEqual } from "node:crypto";
import { LogctlError } from "../../errors.ts";
import { DEMO_TOKENS } from "../../schema/demo-tokens.ts";
import { ANY_SERVICE, digestOfToken, type Scope, type StoredToken } from "../../schema/token.ts";

/** Who sends a request, and what they may do. */
export type Identity = {
  /** The token's id: its idempotency keys are its own. Demo tokens are numbered below 0; 0 is a reader without a token. */
  id: number;
  /** The one service it writes as and reads; undefined for any. */
  writesAs: string | undefined;
  reads: string | undefined;
  scopes: readonly Scope[];
  expiresAtMs: number;
  limits: TokenLimits | undefined;
};

export type IdentifyOptions = {
  tokens: () => StoredToken[];
  /** Whether demo tokens are accepted, and reads without a token, until a token is made. */
  demo: boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
};

/** A token that was made, changed or revoked by another process counts after so long at the latest. */
const REREAD_AFTER_MS = 1000;
/** One that is not known may have been made just now: who made it uses it at once. */
const REREAD_FOR_UNKNOWN_MS = 50;
const MAX_REMEMBERED = 1000;
const HASH_SECRET = randomBytes(8).readBigUInt64LE();

export const ANYONE: Identity = {
  id: 0,
  writesAs: undefined,
  reads: undefined,
  scopes: ["read"],
  expiresAtMs: Number.POSITIVE_INFINITY,
  limits: undefined,
};

type Known = { digest: Buffer; identity: Identity };

/**
 * Answers who sends a request. Throws `unauthorized` where there is no token, or one that nobody made, or that has
 * expired or was revoked; `forbidden` where it may not do what `scope` names.
 */
export function createIdentify({ tokens, demo, now }: IdentifyOptions): (authorization: string | null, scope: Scope) => Identity {
  let known: Known[] = [];
  let isDemo = false;
  let readAtMs = Number.NEGATIVE_INFINITY;
  // By a hash with a secret in it: how long a look-up takes tells of nothing that a sender could aim at.
  const remembered = new Map<bigint, { authorization: string; identity: Identity }>();

  function reread(nowMs: number, afterMs = REREAD_AFTER_MS): void {
    if (nowMs - readAtMs < afterMs && nowMs >= readAtMs) return;
    readAtMs = nowMs;
    const stored = tokens();
    isDemo = demo && stored.length === 0;
    known = isDemo ? demoTokens() : stored.filter(({ revokedAt }) => revokedAt === null).flatMap(knownOf);
    remembered.clear();
  }

  function find(authorization: string): Identity | undefined {
    const hash = Bun.hash.wyhash(authorization, HASH_SECRET);
    const earlier = remembered.get(hash);
    if (earlier?.authorization === authorization) return earlier.identity;
    const digest = Buffer.from(digestOfToken(readToken(authorization)), "hex");
    let found: Identity | undefined;
    // All are compared, so that the time it takes tells nothing.
    for (const entry of known) if (timingSafeEqual(entry.digest, digest)) found = entry.identity;
    if (found !== undefined && remembered.size < MAX_REMEMBERED) remembered.set(hash, { authorization, identity: found });
    return found;
  }

  return (authorization, scope) => {
    const nowMs = now();
    reread(nowMs);
    if (authorization === null) {
      if (isDemo && scope === "read") return ANYONE;
      throw new LogctlError("unauthorized", "a token is needed: send the header Authorization: Token <token>");
    }
    let identity = find(authorization);
    if (identity === undefined) {
      reread(nowMs, REREAD_FOR_UNKNOWN_MS);
      identity = find(authorization);
    }
    if (identity === undefined) throw new LogctlError("unauthorized", "this token is not known here");
    if (nowMs >= identity.expiresAtMs) throw new LogctlError("unauthorized", "this token has expired");
    if (!identity.scopes.includes(scope) && !identity.scopes.includes("admin")) {
      throw new LogctlError("forbidden", `this token has no '${scope}' scope, which this request needs`);
    }
    return identity;
  };
}

/** A token by its secret, and by the one before that as long as it is good. */
function knownOf({ id, digest, service, scopes, expiresAt, previousDigest, previousUntil, ...limits }: StoredToken): Known[] {
  const bound = service === ANY_SERVICE ? undefined : service;
  const expiresAtMs = expiresAt ?? Number.POSITIVE_INFINITY;
  const identity: Identity = { id, writesAs: bound, reads: bound, scopes, expiresAtMs, limits };
  const known = { digest: Buffer.from(digest, "hex"), identity };
  if (previousDigest === null || previousUntil === null) return [known];
  const until = Math.min(expiresAtMs, previousUntil);
  return [known, { digest: Buffer.from(previousDigest, "hex"), identity: { ...identity, expiresAtMs: until } }];
}

function demoTokens(): Known[] {
  return Object.entries(DEMO_TOKENS).map(([service, token], index) => ({
    digest: Buffer.from(digestOfToken(token), "hex"),
    identity: { ...ANYONE, id: -1 - index, writesAs: service, scopes: ["ingest", "read"] },
  }));
}

/** The token of `Token x`, `Bearer x`, or `Basic` with the token as password (RFC 9110, 11.4; RFC 7617). */
function readToken(authorization: string): string {
  const [, scheme = "", credentials = ""] = /^(\S+) +(\S+)$/.exec(authorization.trim()) ?? [];
  switch (scheme.toLowerCase()) {
    case "token":
    case "bearer":
      return credentials;
    case "basic": {
      const pair = Buffer.from(credentials, "base64").toString("utf8");
      return pair.slice(pair.indexOf(":") + 1);
    }
    default:
      throw new LogctlError("unauthorized", "the Authorization header must read: Token <token>");
  }
}

/** What may be written by a token, and what was of it. Demo tokens, and readers without a token, have no limits. */
export type TokenLimits = Pick<StoredToken, "rateLimit" | "dailyQuotaBytes" | "quotaDay" | "quotaBytes">;
