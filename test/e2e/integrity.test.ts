import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createRandom } from "../../src/simulate/random.ts";
import { type Collector, eventually, runBinary, startCollector } from "../support/binary.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const LIMIT_MS = 300_000;

function recordOf(n: number): string {
  const attributes = { n, user: `u${n % 97}`, request: crypto.randomUUID(), ms: n % 1000, nested: { ünï: [n] } };
  return JSON.stringify({
    severity: ["INFO", "WARN", "ERROR"][n % 3],
    message: `request ${n} took ${n % 777} ms`,
    ...attributes,
  });
}

async function post(url: string, records: string[], headers: Record<string, string> = {}) {
  const all = { authorization: "Token svc-reports-123", ...headers };
  const response = await fetch(`${url}/logs`, { method: "POST", body: records.join("\n"), headers: all });
  return { status: response.status, answer: (await response.json()) as { accepted: number; duplicate?: true } };
}

async function exportAll(url: string, headers: Record<string, string> = {}): Promise<string> {
  const accept = { accept: "application/x-ndjson" };
  return (await fetch(`${url}/logs?limit=all&order=asc`, { headers: { ...accept, ...headers } })).text();
}

/** Records in a dense block, in larger and in small ones. */
async function fill({ url, database }: Collector): Promise<void> {
  let n = 0;
  for (const [requests, records] of [
    [20, 1000],
    [10, 300],
    [6, 1],
  ] as const) {
    for (let i = 0; i < requests; i += 1) {
      const batch = Array.from({ length: records }, () => recordOf(n++));
      expect((await post(url, batch)).status).toBe(200);
    }
  }
  // Until all but the newest are merged, and what that left free is given back: flips there would prove nothing.
  await eventually(async () => {
    const { out } = await runBinary(["verify", "--db", database, "-o", "json"]);
    using reader = new Database(database, { readonly: true });
    const free = reader.query<{ freelist_count: number }, []>("PRAGMA freelist_count").get()?.freelist_count;
    return JSON.parse(out).blocks <= 12 && free === 0 ? true : undefined;
  });
}

/** What `logctl serve` says of a database that it does not take, or all the records it gives. */
async function openAndExport(database: string): Promise<string> {
  try {
    await using collector = await startCollector(["--db", database]);
    return await exportAll(collector.url);
  } catch (error) {
    return (error as Error).message;
  }
}

/** For whoever has to find out why. */
function firstDifference(found: string, expected: string): string {
  const lines = expected.split("\n");
  const at = found.split("\n").findIndex((line, index) => line !== lines[index]);
  return `line ${at} of ${found.split("\n").length} is '${found.split("\n")[at]}', expected of ${lines.length} '${lines[at]}'`;
}

describe("logctl verify", () => {
  test.each([
    ["anywhere in the file", 100, 1],
    ["in its first pages", 15, 24 * 4096],
  ] as const)(
    "finds one bit that is flipped %s, or every record can be read all the same, in %d places",
    async (_, places, within) => {
      await using collector = await startCollector();
      await fill(collector);
      const expected = await exportAll(collector.url);
      expect(await collector.stop()).toBe(0);
      const original = await readFile(collector.database);
      await using folder = await makeTemporaryFolder();
      const random = createRandom(SEED);
      const harmless: string[] = [];
      for (let place = 0; place < places; place += 1) {
        const at = Math.floor(random.next() * (within === 1 ? original.length : within));
        const bit = Math.floor(random.next() * 8);
        const copy = folder.file(`${place}/logs.db`);
        await mkdir(dirname(copy));
        original[at] = (original[at] as number) ^ (1 << bit);
        await writeFile(copy, original);
        original[at] = (original[at] as number) ^ (1 << bit);
        await copyFile(`${collector.database}-last`, `${copy}-last`);
        const { code, err } = await runBinary(["verify", "--db", copy]);
        if (code === 1) expect(err).toMatch(/^logctl: [^\n]+\n$/);
        else {
          expect([code, err]).toEqual([0, ""]);
          harmless.push(`${at}:${bit}`);
          // Proof that nothing is lost by it.
          const found = await openAndExport(copy);
          if (found !== expected)
            throw new Error(`seed ${SEED}: bit ${bit} of byte ${at} was not found: ${firstDifference(found, expected)}`);
        }
      }
      console.log(`seed ${SEED}: ${places - harmless.length} of ${places} flipped bits found, ${harmless.length} harmless`);
      expect(harmless.length).toBeLessThan(places * 0.8);
    },
    LIMIT_MS,
  );

  test(
    "says of a database that a collector writes to that it is whole, and of one that is no database one line",
    async () => {
      await using collector = await startCollector();
      let done = false;
      const writing = (async () => {
        for (let n = 0; !done; n += 100)
          await post(
            collector.url,
            Array.from({ length: 100 }, (_, i) => recordOf(n + i)),
          );
      })();
      for (let round = 0; round < 5; round += 1) {
        const { code, out, err } = await runBinary(["verify", "--db", collector.database]);
        expect([code, out, err]).toEqual([0, expect.stringMatching(/^\S+ is whole: \d+ records? in \d+ blocks?\n$/), ""]);
      }
      done = true;
      await writing;
      const other = `${collector.folder}/notes.txt`;
      await writeFile(other, "no database ".repeat(100));
      for (const command of ["verify", "serve"]) {
        const { code, out, err } = await runBinary([command, "--db", other]);
        expect([code, out, err]).toEqual([1, "", expect.stringMatching(/^logctl: '\S+notes.txt' is no database: [^\n]+\n$/)]);
      }
    },
    LIMIT_MS,
  );
});

describe("a write-ahead log that was damaged after kill -9", () => {
  test(
    "is refused in one line and left as it is, or nothing is missing",
    async () => {
      await using collector = await startCollector();
      for (let n = 0; n < 60; n += 1) expect((await post(collector.url, [recordOf(n)])).status).toBe(200);
      await collector.kill();
      const files = ["", "-wal", "-last"];
      const [database, wal, last] = (await Promise.all(files.map((end) => readFile(collector.database + end)))) as [
        Buffer,
        Buffer,
        Buffer,
      ];
      const random = createRandom(SEED);
      let refused = 0;
      for (let place = 0; place < 20; place += 1) {
        await using folder = await makeTemporaryFolder();
        const copy = folder.file("logs.db");
        const damaged = wal.slice();
        const at = Math.floor(random.next() * wal.length);
        damaged[at] = (damaged[at] as number) ^ (1 << Math.floor(random.next() * 8));
        for (const [end, bytes] of [
          ["", database],
          ["-wal", damaged],
          ["-last", last],
        ] as const)
          await writeFile(copy + end, bytes);
        const answer = await openAndExport(copy);
        if (answer.startsWith("the collector did not start")) {
          refused += 1;
          expect(answer).toMatch(/: logctl: the database '\S+' is damaged: [^\n]+ Nothing was changed; [^\n]+\n$/);
          expect(Buffer.compare(await readFile(`${copy}-wal`), damaged)).toBe(0);
          expect(Buffer.compare(await readFile(copy), database)).toBe(0);
          expect((await runBinary(["verify", "--db", copy])).code).toBe(1);
        } else expect([SEED, at, answer.trimEnd().split("\n").length]).toEqual([SEED, at, 60]);
      }
      expect(refused).toBeGreaterThan(5);
    },
    LIMIT_MS,
  );
});

describe("logctl backup", () => {
  test(
    "copies a database that is written to, for a collector to start on, with its tokens and receipts",
    async () => {
      await using collector = await startCollector();
      await fill(collector);
      const token = await runBinary([
        "token",
        "create",
        "--db",
        collector.database,
        "--service",
        "reports",
        "--scope",
        "ingest",
        "read",
      ]);
      const headers = { authorization: `Token ${token.out.trim()}` };
      await eventually(async () => ((await post(collector.url, [recordOf(1)], headers)).status === 200 ? true : undefined));
      const keyed = { ...headers, "idempotency-key": "k" };
      expect((await post(collector.url, ['{"message":"once"}'], keyed)).status).toBe(200);
      const before = await exportAll(collector.url, headers);
      let done = false;
      const writing = (async () => {
        while (!done) await post(collector.url, [recordOf(2)], headers);
      })();
      const copy = `${collector.folder}/copy.db`;
      const { code, out, err } = await runBinary(["backup", copy, "--db", collector.database, "--verify"]);
      done = true;
      await writing;
      const expected = /^copied \S+ to \S+: \d+ bytes\n\S+ is whole: \d+ records in \d+ blocks\n$/;
      expect([code, out, err]).toEqual([0, expect.stringMatching(expected), ""]);
      expect((await stat(copy)).mode & 0o777).toBe(0o600);
      const again = await runBinary(["backup", copy, "--db", collector.database]);
      expect([again.code, again.out, again.err]).toEqual([
        2,
        "",
        expect.stringMatching(/^logctl: there is a file '\S+' already; [^\n]+\n$/),
      ]);

      await using restored = await startCollector(["--db", copy]);
      const after = await exportAll(restored.url, headers);
      expect(after.startsWith(before)).toBe(true);
      const ids = Array.from(after.matchAll(/^\{"id":(\d+)/gm), ([, id]) => Number(id));
      expect(ids).toEqual(ids.map((_, i) => i + 1));
      expect(await post(restored.url, ['{"message":"once"}'], keyed)).toMatchObject({ status: 200, answer: { duplicate: true } });
      expect((await post(restored.url, [recordOf(3)], headers)).status).toBe(200);
      expect((await post(restored.url, [recordOf(3)])).status).toBe(401);
    },
    LIMIT_MS,
  );

  test(
    "of a damaged database says so, and leaves no file",
    async () => {
      await using collector = await startCollector();
      await fill(collector);
      expect(await collector.stop()).toBe(0);
      const bytes = await readFile(collector.database);
      await writeFile(collector.database, bytes.subarray(0, bytes.length / 2));
      const copy = `${collector.folder}/copy.db`;
      const { code, out, err } = await runBinary(["backup", copy, "--db", collector.database]);
      expect([code, out, err]).toEqual([
        1,
        "",
        expect.stringMatching(/^logctl: the database '\S+' is damaged: it is cut short, [^\n]+\n$/),
      ]);
      expect(await Bun.file(copy).exists()).toBe(false);
    },
    LIMIT_MS,
  );
});
