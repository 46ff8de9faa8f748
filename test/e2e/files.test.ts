import { describe, expect, test } from "bun:test";
import { existsSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
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
