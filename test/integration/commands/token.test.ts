import { describe, expect, test } from "bun:test";
import { run } from "../../../src/cli.ts";
import { openForWriting } from "../../../src/store/blocks/file/database.ts";
import { listTokens } from "../../../src/store/blocks/file/tokens.ts";
import { createTestContext, type TestContextOptions } from "../../support/cli.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const NOW = Date.parse("2026-11-24T10:00:00Z");

async function logctl(args: string[], options: TestContextOptions = {}) {
  const context = createTestContext({ now: () => NOW, ...options });
  return { code: await run(args, context), out: context.out(), err: context.err() };
}

async function openTokenFile() {
  const folder = await makeTemporaryFolder();
  const db = folder.file("logs.db");
  return {
    db,
    logctl: (...args: string[]) => logctl(["token", ...args, "--db", db]),
    list: async (): Promise<Record<string, unknown>[]> =>
      (await logctl(["token", "list", "--db", db])).out
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("logctl token create", () => {
  test("prints the token and nothing else on stdout, and keeps only its digest", async () => {
    await using file = await openTokenFile();
    const { code, out, err } = await file.logctl("create", "--service", "payments");
    expect([code, out]).toEqual([0, expect.stringMatching(/^lct_[\w-]{32}\n$/)]);
    expect(err).toContain("not shown again");
    expect(err).toContain("demo tokens are refused");
    const database = openForWriting(file.db);
    const [token] = listTokens(database);
    database.close();
    expect(token).toMatchObject({ name: "payments", service: "payments", scopes: ["ingest"], expiresAt: null });
    expect(await Bun.file(file.db).text()).not.toContain(out.trim());
  });

  test("tells of the end of the demo tokens with the first token only", async () => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments");
    expect((await file.logctl("create", "--service", "chat")).err).not.toContain("demo");
  });

  test("takes a name, scopes, and a time for which it is good", async () => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "*", "--name", "reader", "--scope", "read", "--scope", "ingest", "--expires", "90d");
    expect(await file.list()).toEqual([
      {
        name: "reader",
        service: "*",
        scopes: ["ingest", "read"],
        state: "in force",
        created_at: "2026-11-24T10:00:00.000Z",
        expires_at: "2027-02-22T10:00:00.000Z",
        last_used_at: null,
        old_secret_until: null,
        rate_limit: null,
        daily_quota_bytes: null,
      },
    ]);
  });

  test("takes limits of what may be written", async () => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments", "--rate-limit", "100", "--daily-quota", "500MB");
    expect(await file.list()).toMatchObject([{ rate_limit: 100, daily_quota_bytes: 500_000_000 }]);
  });

  test.each([
    [["--service", "x", "--rate-limit", "0"], "--rate-limit '0'"],
    [["--service", "x", "--daily-quota", "10kB"], "--daily-quota '10kB' is out of range; 1MB is the least"],
    [["--service", "payments"], "'payments' already"],
    [["--service", "a\nb"], "service must be text"],
    [["--service", ""], "service must be text"],
    [["--service", "x", "--scope", "write"], "Allowed choices are ingest, read, admin"],
    [["--service", "x", "--expires", "soon"], "--expires 'soon'"],
    [["--service", "x", "--expires", "0d"], "--expires '0d'"],
    [[], "required option '--service <name>'"],
  ])("refuses %p in one line", async (args, message) => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments");
    const { code, out, err } = await file.logctl("create", ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(await file.list()).toHaveLength(1);
  });
});

describe("logctl token rotate and revoke", () => {
  test("rotate prints a new secret under the same name", async () => {
    await using file = await openTokenFile();
    const first = await file.logctl("create", "--service", "payments");
    const second = await file.logctl("rotate", "payments");
    expect([second.code, second.out]).toEqual([0, expect.stringMatching(/^lct_/)]);
    expect(second.out).not.toBe(first.out);
    expect(await file.list()).toMatchObject([{ name: "payments", state: "in force" }]);
  });

  test("rotate lets the old secret be for as long as --grace says, and tells until when", async () => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments");
    const { code, err } = await file.logctl("rotate", "payments", "--grace", "24h");
    expect([code, err]).toEqual([0, expect.stringContaining("refused from 2026-11-25T10:00:00.000Z.\n")]);
    expect(await file.list()).toMatchObject([{ state: "rotating", old_secret_until: "2026-11-25T10:00:00.000Z" }]);
    const bad = await file.logctl("rotate", "payments", "--grace", "soon");
    expect([bad.code, bad.out, bad.err]).toEqual([2, "", expect.stringContaining("--grace 'soon'")]);
  });

  test("rotate does not give a secret to a token that has expired", async () => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments", "--expires", "1h");
    const later = { now: () => NOW + 3_600_000 };
    const { code, out, err } = await logctl(["token", "rotate", "payments", "--db", file.db], later);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe("logctl: the token 'payments' has expired: logctl token revoke payments, then create it again\n");
  });

  test("revoke takes it out of force, keeps it in the list, and frees its name", async () => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments");
    expect((await file.logctl("revoke", "payments")).code).toBe(0);
    expect(await file.list()).toMatchObject([{ name: "payments", state: "revoked" }]);
    expect((await file.logctl("create", "--service", "payments")).code).toBe(0);
    expect(await file.list()).toMatchObject([{ state: "revoked" }, { state: "in force" }]);
  });

  test.each(["rotate", "revoke"])("%s names the token that is not there", async (command) => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments");
    const { code, out, err } = await file.logctl(command, "nobody");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe("logctl: no token 'nobody' is in force: logctl token list shows them\n");
  });
});

describe("logctl token", () => {
  test("makes a database only to make a token in it", async () => {
    await using file = await openTokenFile();
    for (const args of [["list"], ["rotate", "a"], ["revoke", "a"]]) {
      const { code, out, err } = await file.logctl(...args);
      expect([code, out, err]).toEqual([1, "", `logctl: there is no database '${file.db}'; name another file by --db\n`]);
      expect(await Bun.file(file.db).exists()).toBe(false);
    }
    expect((await file.logctl("create", "--service", "a")).code).toBe(0);
    expect(await file.list()).toHaveLength(1);
  });

  test("names the option that it cannot take, and what was given", async () => {
    await using file = await openTokenFile();
    for (const [option, args] of [
      ["--name", ["--service", "a", "--name", "a\nb"]],
      ["--name", ["--service", "*", "--name", ""]],
      ["--service", ["--service", "a\nb"]],
    ] as const) {
      const { code, err } = await file.logctl("create", ...args);
      const given = JSON.stringify(args.at(-1));
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(new RegExp(`^logctl: ${option} must be text of 1 to 100 [^\n]+\n$`)),
      ]);
      expect(err).toContain(`not ${given}`);
    }
  });
});

describe("logctl token list", () => {
  test("is a table on a terminal", async () => {
    await using file = await openTokenFile();
    await file.logctl("create", "--service", "payments", "--expires", "1h");
    await file.logctl("create", "--service", "chat");
    await file.logctl("revoke", "chat");
    const later = { stdoutIsTTY: true, env: { NO_COLOR: "1" }, now: () => NOW + 3_600_000 };
    const { out } = await logctl(["token", "list", "--db", file.db], later);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^NAME +SERVICE +SCOPES +STATE +CREATED +EXPIRES +LAST USED$/);
    expect(lines[1]).toMatch(/^payments +payments +ingest +expired +2026-11-24 +2026-11-24 11:00 +never$/);
    expect(lines[2]).toMatch(/^chat +chat +ingest +revoked +2026-11-24 +never +never$/);
    expect(out).not.toContain("\u001b");
  });

  test("takes the database from LOGCTL_DB, and says in one line what it cannot use", async () => {
    await using folder = await makeTemporaryFolder();
    const foreign = folder.file("notes.txt");
    await Bun.write(foreign, "this is no database, and long enough to be told so: ".repeat(20));
    const { code, err } = await logctl(["token", "list"], { env: { LOGCTL_DB: foreign } });
    expect(code).toBe(1);
    expect(err).toStartWith(`logctl: '${foreign}' is no database:`);
    expect(await Bun.file(foreign).text()).toStartWith("this is no database");
  });
});
