import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { eventually, runBinary, startCollector } from "../support/binary.ts";
import { REPORTS_TOKEN } from "../support/load.ts";

const LIMIT_MS = 60_000;
const ZEROS = new Uint8Array(8192);

async function write(url: string, message: string): Promise<number> {
  const body = JSON.stringify({ message });
  const response = await fetch(`${url}/logs`, { method: "POST", body, headers: REPORTS_TOKEN });
  await response.arrayBuffer();
  return response.status;
}

async function messagesOf(url: string): Promise<string[]> {
  const records = (await (await fetch(`${url}/logs?limit=1000&order=asc`)).json()) as { message: string }[];
  return records.map(({ message }) => message);
}

describe("the lock file beside a database", () => {
  test(
    "opens nothing when it is removed: a second collector is refused, and the first one's room for a full disk is left to it",
    async () => {
      await using collector = await startCollector(["--max-size", "20MB"]);
      const { database, pid, url } = collector;
      await eventually(() => (existsSync(`${database}-reserve`) ? true : undefined));
      for (const harm of [() => {}, () => rmSync(`${database}-lock`), () => writeFileSync(`${database}-lock`, ZEROS)]) {
        harm();
        const { code, err } = await runBinary(["serve", "--port", "0", "--db", database]);
        expect([code, err]).toEqual([1, expect.stringContaining(`'${database}' is in use by process ${pid}; stop it`)]);
      }
      expect(statSync(`${database}-reserve`).size).toBeGreaterThan(0);
      expect(await write(url, "still here")).toBe(200);
      // Others work beside it as ever.
      expect((await runBinary(["token", "list", "--db", database])).code).toBe(0);
      expect((await runBinary(["verify", "--db", database])).code).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    "stops no start after a power cut that left it without its contents, or with zeros",
    async () => {
      await using collector = await startCollector();
      for (const [index, content] of [ZEROS, "", "4711"].entries()) {
        expect(await write(collector.url, `${index}`)).toBe(200);
        await collector.kill();
        writeFileSync(`${collector.database}-lock`, content);
        await collector.restart();
      }
      expect(await messagesOf(collector.url)).toEqual(["0", "1", "2"]);
    },
    LIMIT_MS,
  );
});

describe("a database that is reached by a symbolic link", () => {
  test(
    "is the same for every command, as to what is missing too",
    async () => {
      await using collector = await startCollector();
      expect(await write(collector.url, "at rest")).toBe(200);
      await collector.stop();
      const link = `${collector.folder}/link.db`;
      symlinkSync(collector.database, link);
      await using byLink = await startCollector(["--db", link]);
      expect(await write(byLink.url, "acknowledged")).toBe(200);
      const second = await runBinary(["serve", "--port", "0", "--db", collector.database]);
      expect(second.err).toContain(`is in use by process ${byLink.pid}`);
      await byLink.kill();
      rmSync(`${collector.database}-wal`);
      for (const db of [collector.database, link]) {
        const { code, out } = await runBinary(["verify", "--db", db]);
        expect([db, code, out]).toEqual([db, 1, "records 2 to 2: they were stored, and are in no block\n"]);
        const backup = await runBinary(["backup", `${db}.copy`, "--db", db]);
        expect([db, backup.code, backup.err]).toEqual([
          db,
          0,
          expect.stringMatching(/^logctl: record 2 was stored and cannot be found any more: [^\n]+\n$/),
        ]);
      }
      expect(existsSync(`${link}-last`)).toBe(false);
    },
    LIMIT_MS,
  );

  test(
    "that leads to where there is none yet is made there",
    async () => {
      await using collector = await startCollector();
      const [link, target] = [`${collector.folder}/link.db`, `${realpathSync(collector.folder)}/target.db`];
      symlinkSync("target.db", link);
      expect((await runBinary(["token", "list", "--db", link])).err).toBe(
        `logctl: there is no database '${target}'; name another file by --db\n`,
      );
      await using other = await startCollector(["--db", link]);
      expect(await write(other.url, "there")).toBe(200);
      expect(statSync(target).mode & 0o777).toBe(0o600);
    },
    LIMIT_MS,
  );
});

test("what is no file and can be none is refused by each command in one sentence", async () => {
  for (const db of [":memory:", "/dev/null"]) {
    for (const args of [["serve", "--port", "0"], ["verify"], ["backup", "copy.db"], ["token", "list"]]) {
      const { code, err } = await runBinary([...args, "--db", db]);
      expect([args[0], code, err]).toEqual([args[0], 1, expect.stringMatching(/^logctl: '\S+' is [^\n]+; name one by --db\n$/)]);
    }
  }
});

/** The files of a database, as they are. */
function contentsOf(database: string): Record<string, string> {
  return Object.fromEntries(
    ["", "-wal", "-last"].map((end) => [end, existsSync(database + end) ? `${Bun.hash(readFileSync(database + end))}` : "none"]),
  );
}

describe("a database that is put beside the write-ahead log of another", () => {
  test.each([
    ["a backup", (database: string, copy: string) => runBinary(["backup", copy, "--db", database])],
    [
      "a backup of before there were stamps",
      async (database: string, copy: string) => {
        await runBinary(["backup", copy, "--db", database]);
        using older = new Database(copy);
        older.run("DROP TABLE stamp");
      },
    ],
    [
      "a copy from when the collector was stopped",
      async (database: string, copy: string) => copyFileSync(`${database}.rest`, copy),
    ],
    [
      "another collector's",
      async (_: string, copy: string) => {
        await using other = await startCollector(["--db", copy]);
        await write(other.url, "another");
        await other.stop();
      },
    ],
  ])(
    "(%s) is refused by each command in one line, untouched, and opened once the log is moved away by the command that it names",
    async (_, makeCopy) => {
      await using collector = await startCollector();
      const { database } = collector;
      const copy = `${collector.folder}/copy.db`;
      expect(await write(collector.url, "in all")).toBe(200);
      await collector.stop();
      copyFileSync(database, `${database}.rest`);
      // Two logs later.
      await collector.restart();
      expect(await write(collector.url, "later")).toBe(200);
      await collector.stop();
      await collector.restart();
      expect(await write(collector.url, "later still")).toBe(200);
      await makeCopy(database, copy);
      expect(await write(collector.url, "after the copy")).toBe(200);
      await collector.kill();
      const expected = await contentOfCopy(copy);
      copyFileSync(copy, database);
      const before = contentsOf(database);
      const said = new Set<string>();
      for (const args of [
        ["serve", "--port", "0"],
        ["verify"],
        ["backup", `${copy}.new`],
        ["token", "list"],
        ["token", "create", "--service", "a"],
      ]) {
        const { code, out, err } = await runBinary([...args, "--db", database]);
        expect([args, code, out]).toEqual([args, 1, ""]);
        expect(contentsOf(database)).toEqual(before);
        said.add(err);
      }
      const [line] = said;
      expect([...said]).toEqual([
        expect.stringMatching(/^logctl: [^\n]*'\S+logs\.db-wal' was written for another [^\n]+: mv [^\n]+\n$/),
      ]);
      expect(existsSync(`${copy}.new`)).toBe(false);
      const [command] = /mv .*/.exec(line as string) ?? [];
      expect(Bun.spawnSync(["sh", "-c", command as string]).exitCode).toBe(0);
      // It is kept, and one that comes later is not put in its place.
      expect(existsSync(`${database}-wal.away`)).toBe(true);
      await collector.restart();
      expect(await messagesOf(collector.url)).toEqual(expected);
      expect(collector.err()).toMatch(/w(as|ere) stored and cannot be found any more/);
      expect(await write(collector.url, "goes on")).toBe(200);
      expect(await collector.stop()).toBe(0);
      expect((await runBinary(["verify", "--db", database, "-o", "json"])).out).toContain(`"whole":${expected.length + 1}`);
    },
    LIMIT_MS,
  );

  async function contentOfCopy(copy: string): Promise<string[]> {
    copyFileSync(copy, `${copy}.read.db`);
    await using reader = await startCollector(["--db", `${copy}.read.db`]);
    return await messagesOf(reader.url);
  }
});

describe("a backup", () => {
  test(
    "is not made where the log of another database lies, or by a link",
    async () => {
      await using collector = await startCollector();
      expect(await write(collector.url, "kept")).toBe(200);
      const target = `${collector.folder}/copy.db`;
      for (const left of [`${target}-wal`, `${target}-journal`, target]) {
        writeFileSync(left, "the last of something");
        const { code, err } = await runBinary(["backup", target, "--db", collector.database]);
        expect([code, err]).toEqual([2, `logctl: there is a file '${left}' already; name another one for the backup\n`]);
        expect(readFileSync(left, "utf8")).toBe("the last of something");
        rmSync(left);
      }
      symlinkSync("nowhere.db", target);
      expect((await runBinary(["backup", target, "--db", collector.database])).code).toBe(2);
      expect(existsSync(`${collector.folder}/nowhere.db`)).toBe(false);
    },
    LIMIT_MS,
  );
});

describe("a copy of a stopped collector's database", () => {
  test(
    "beside the log that was written on top of it has all that was acknowledged since",
    async () => {
      await using collector = await startCollector();
      const { database } = collector;
      expect(await write(collector.url, "before")).toBe(200);
      await collector.stop();
      copyFileSync(database, `${database}.rest`);
      await collector.restart();
      expect(await write(collector.url, "after")).toBe(200);
      await collector.kill();
      copyFileSync(`${database}.rest`, database);
      await collector.restart();
      expect(await messagesOf(collector.url)).toEqual(["before", "after"]);
    },
    LIMIT_MS,
  );
});
