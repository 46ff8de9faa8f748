import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { digestOfToken } from "../../../../../src/schema/token.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import {
  createToken,
  listTokens,
  type NewToken,
  noteTokenUse,
  revokeToken,
  rotateToken,
} from "../../../../../src/store/blocks/file/tokens.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const NOW = 1_764_000_000_000;
const UNUSED = { lastUsedAt: null, quotaDay: null, quotaBytes: 0 };
const AS_MADE = { ...UNUSED, previousDigest: null, previousUntil: null, rateLimit: null, dailyQuotaBytes: null };

const TOKEN_TABLE_OF_0_1_0 = `CREATE TABLE token (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, service TEXT NOT NULL, scopes TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER) STRICT`;

function newToken(fields: Partial<NewToken> = {}): NewToken {
  return { name: "web-1", service: "web", scopes: ["ingest"], expiresAt: null, ...fields };
}

describe("tokens", () => {
  test("are listed in the order in which they were made, with all but the secret", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const first = createToken(database, newToken(), NOW);
    const second = createToken(
      database,
      newToken({
        ...{ name: "all", service: "*", scopes: ["read", "admin"], expiresAt: NOW + 5 },
        ...{ rateLimit: 100, dailyQuotaBytes: 5_000_000 },
      }),
      NOW + 1,
    );
    expect(first).toMatch(/^lct_[\w-]{32}$/);
    expect(second).not.toBe(first);
    expect(listTokens(database)).toEqual([
      {
        id: 1,
        name: "web-1",
        service: "web",
        scopes: ["ingest"],
        digest: digestOfToken(first),
        createdAt: NOW,
        expiresAt: null,
        revokedAt: null,
        ...AS_MADE,
      },
      {
        id: 2,
        name: "all",
        service: "*",
        scopes: ["read", "admin"],
        digest: digestOfToken(second),
        createdAt: NOW + 1,
        expiresAt: NOW + 5,
        revokedAt: null,
        ...AS_MADE,
        rateLimit: 100,
        dailyQuotaBytes: 5_000_000,
      },
    ]);
  });

  test("are not in the file in clear", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const database = openForWriting(path);
    const token = createToken(database, newToken(), NOW);
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    const bytes = await readFile(path);
    expect(bytes.includes(digestOfToken(token))).toBe(true);
    expect(bytes.includes(token)).toBe(false);
  });

  test("get a new secret by rotation, and keep all else", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    createToken(database, newToken(), NOW);
    createToken(database, newToken({ name: "other" }), NOW);
    const [before, other] = listTokens(database);
    const rotated = rotateToken(database, "web-1");
    expect(rotated).toMatch(/^lct_/);
    expect(listTokens(database)).toMatchObject([{ ...before, digest: digestOfToken(rotated ?? "") }, { ...other }]);
    expect(listTokens(database)[0]?.digest).not.toBe(before?.digest);
    expect(rotateToken(database, "absent")).toBeUndefined();
  });

  test("keep the secret before a rotation until a time, and none before that", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const first = createToken(database, newToken(), NOW);
    const second = rotateToken(database, "web-1", NOW + 1000) as string;
    const rotated = { digest: digestOfToken(second), previousDigest: digestOfToken(first), previousUntil: NOW + 1000 };
    expect(listTokens(database)).toMatchObject([rotated]);
    const third = rotateToken(database, "web-1", NOW + 2000) as string;
    const again = { digest: digestOfToken(third), previousDigest: digestOfToken(second), previousUntil: NOW + 2000 };
    expect(listTokens(database)).toMatchObject([again]);
    rotateToken(database, "web-1");
    expect(listTokens(database)).toMatchObject([{ previousDigest: null, previousUntil: null }]);
  });

  test("keep when they were used and how much of their quota", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    createToken(database, newToken(), NOW);
    noteTokenUse(database, { id: 1, usedAt: NOW + 5, quotaDay: 20_000, quotaBytes: 77 });
    expect(listTokens(database)).toMatchObject([{ lastUsedAt: NOW + 5, quotaDay: 20_000, quotaBytes: 77 }]);
  });

  test("of a database that was made before they had limits are kept as they were", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    openForWriting(path).close();
    const old = new Database(path);
    old.run("DROP TABLE token");
    old.run(TOKEN_TABLE_OF_0_1_0);
    old.run("INSERT INTO token VALUES (1, 'web-1', 'web', 'ingest,read', 'abc', 5, 6, NULL)");
    old.close();
    using database = openForWriting(path);
    const kept = { id: 1, name: "web-1", service: "web", scopes: ["ingest", "read"], digest: "abc" };
    expect(listTokens(database)).toMatchObject([{ ...kept, createdAt: 5, expiresAt: 6, revokedAt: null, ...AS_MADE }]);
    createToken(database, newToken({ name: "new", rateLimit: 3 }), NOW);
    expect(listTokens(database)[1]).toMatchObject({ id: 2, rateLimit: 3 });
  });

  test("are out of force once revoked: they can be neither rotated nor revoked again, and stay listed", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    createToken(database, newToken(), NOW);
    expect(revokeToken(database, "absent", NOW + 1)).toBe(false);
    expect(revokeToken(database, "web-1", NOW + 2)).toBe(true);
    const revoked = listTokens(database);
    expect(revoked).toMatchObject([{ name: "web-1", revokedAt: NOW + 2 }]);
    expect(revokeToken(database, "web-1", NOW + 3)).toBe(false);
    expect(rotateToken(database, "web-1")).toBeUndefined();
    expect(listTokens(database)).toEqual(revoked);
  });

  test("may have the name of a revoked one, which stays revoked", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    createToken(database, newToken(), NOW);
    revokeToken(database, "web-1", NOW + 1);
    createToken(database, newToken(), NOW + 2);
    rotateToken(database, "web-1");
    expect(listTokens(database)).toMatchObject([
      { id: 1, revokedAt: NOW + 1 },
      { id: 2, revokedAt: null },
    ]);
  });
});
