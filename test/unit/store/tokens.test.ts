import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { digestOfToken } from "../../../src/schema/token.ts";
import { openForWriting } from "../../../src/store/database.ts";
import { createToken, listTokens, type NewToken, revokeToken, rotateToken } from "../../../src/store/tokens.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const NOW = 1_764_000_000_000;

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
      newToken({ name: "all", service: "*", scopes: ["read", "admin"], expiresAt: NOW + 5 }),
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
