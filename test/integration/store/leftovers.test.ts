import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { cp, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "../../../src/simulate/random.ts";
import { openForWriting } from "../../../src/store/blocks/file/database.ts";
import { openStore } from "../../../src/store/blocks/open-block-store.ts";
import { verifyDatabase } from "../../../src/store/blocks/verify.ts";
import { createAppender } from "../../../src/store/blocks/write/append.ts";
import { createRecordBatchBuilder } from "../../../src/store/record-batch.ts";
import type { Store } from "../../../src/store/store.ts";
import { makeOldReceipts } from "../../support/old-receipts.ts";
import { appendTo, randomRecord } from "../../support/random-records.ts";
import { appendAll, idsOf, openTestStore, upTo } from "../../support/store.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** Fewer than the compactor looks at: a merge behind the last of them would be what a log that is cut short lacks. */
const COMMITS = 30;
/** Each store that is opened and closed waits for the disk many times. */
const LIMIT_MS = 60_000;

/** Copies of what a collector leaves that is killed after so many commits of a record each, its write-ahead log included. */
async function makeLeftovers() {
  await using store = await openTestStore();
  const random = createRandom(7);
  for (let i = 0; i < COMMITS; i += 1) await store.append([randomRecord(random)]);
  const folder = await makeTemporaryFolder();
  let copies = 0;
  const kept = folder.file("kept");
  const source = join(store.path, "..");
  await cp(source, kept, { recursive: true, filter: (path) => !path.endsWith("-shm") && !path.endsWith("-lock") });
  return {
    async copy(): Promise<string> {
      copies += 1;
      await cp(kept, folder.file(`${copies}`), { recursive: true });
      return folder.file(`${copies}/logs.db`);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function open(path: string): Promise<{ store: Store; failures: Error[] }> {
  const failures: Error[] = [];
  const store = await openStore({ path, pid: process.pid, now: Date.now, onFailure: (error) => failures.push(error) });
  return { store, failures };
}

/** What is in the folder, but for what SQLite keeps there for readers. */
async function contentsOf(path: string): Promise<Map<string, string>> {
  const folder = join(path, "..");
  const names = (await readdir(folder)).filter((name) => !name.endsWith("-shm") && !name.endsWith("-lock"));
  return new Map(
    await Promise.all(names.map(async (name) => [name, Bun.hash(await readFile(join(folder, name))).toString()] as const)),
  );
}

function verify(path: string) {
  const verifying = verifyDatabase(path);
  let step = verifying.next();
  while (!step.done) step = verifying.next();
  return step.value;
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  await writeFile(path, bytes);
}

describe("what a collector left that was killed", () => {
  test(
    "is all there, and verified as whole",
    async () => {
      await using leftovers = await makeLeftovers();
      const path = await leftovers.copy();
      expect(verify(path)).toMatchObject({ records: COMMITS, missing: 0, findings: [] });
      const { store, failures } = await open(path);
      expect([await idsOf(store), failures]).toEqual([upTo(COMMITS), []]);
      await store.close();
    },
    LIMIT_MS,
  );

  test(
    "with a byte of its write-ahead log changed anywhere loses nothing, or is refused and left as it is",
    async () => {
      await using leftovers = await makeLeftovers();
      const bytes = (await readFile(`${await leftovers.copy()}-wal`)).length;
      let refused = 0;
      const places = 40;
      for (let place = 0; place < places; place += 1) {
        const path = await leftovers.copy();
        // From the header to the very last commit.
        await flip(`${path}-wal`, place === 0 ? 17 : Math.floor(((bytes - 1) * place) / (places - 1)));
        const before = await contentsOf(path);
        const verification = verify(path);
        const opened = await open(path).catch((error: Error) => error);
        if (opened instanceof Error) {
          refused += 1;
          expect(opened).toMatchObject({ code: "database_damaged", message: expect.stringContaining("write-ahead log") });
          expect(await contentsOf(path)).toEqual(before);
          expect(verification.findings.length).toBeGreaterThan(0);
        } else {
          expect(await idsOf(opened.store)).toEqual(upTo(COMMITS));
          expect(verification).toMatchObject({ records: COMMITS, findings: [] });
          await opened.store.close();
        }
      }
      // Only what a later commit has written anew is not missed.
      expect(refused).toBeGreaterThan(places / 2);
    },
    LIMIT_MS,
  );

  test(
    "and that has no last id beside it, as after a power cut, is refused for damage before its last commit all the same",
    async () => {
      await using leftovers = await makeLeftovers();
      for (const part of [0.2, 0.5, 0.8]) {
        const path = await leftovers.copy();
        await rm(`${path}-last`);
        await flip(`${path}-wal`, Math.floor((await readFile(`${path}-wal`)).length * part));
        const before = await contentsOf(path);
        const opened = await open(path).catch((error: Error) => error);
        expect(opened).toMatchObject({
          code: "database_damaged",
          message: expect.stringMatching(/is damaged at frame \d+ of \d+\./),
        });
        expect(await contentsOf(path)).toEqual(before);
      }
    },
    LIMIT_MS,
  );

  test.each([0.3, 0.9, 0.99])(
    "with its write-ahead log cut to %d of it is refused and left as it is",
    async (part) => {
      await using leftovers = await makeLeftovers();
      const path = await leftovers.copy();
      await truncate(`${path}-wal`, Math.floor((await readFile(`${path}-wal`)).length * part));
      const before = await contentsOf(path);
      const opened = await open(path).catch((error: Error) => error);
      expect(opened).toMatchObject({
        code: "database_damaged",
        message: expect.stringMatching(new RegExp(`records? \\d+ (to ${COMMITS} )?w`)),
      });
      expect(await contentsOf(path)).toEqual(before);
      expect(verify(path).findings.at(-1)).toMatchObject({ about: "records", last_id: COMMITS });
    },
    LIMIT_MS,
  );

  test(
    "starts without its write-ahead log, says what is missing, and gives no id twice",
    async () => {
      await using leftovers = await makeLeftovers();
      const path = await leftovers.copy();
      await rename(`${path}-wal`, `${path}.moved`);
      const { store, failures } = await open(path);
      expect(failures.map(({ message }) => message)).toEqual([
        expect.stringContaining(`records 1 to ${COMMITS} were stored and cannot be found any more`),
      ]);
      expect(store.newestId()).toBe(COMMITS);
      await appendAll(store, [randomRecord(createRandom(1))]);
      expect(await idsOf(store)).toEqual([COMMITS + 1]);
      await store.close();
      expect(verify(path)).toMatchObject({
        records: 1,
        missing: COMMITS,
        findings: [{ about: "records", first_id: 1, last_id: COMMITS }],
      });
      const again = await open(path);
      expect(again.failures).toEqual([]);
      await again.store.close();
    },
    LIMIT_MS,
  );

  test(
    "whose database is gone, or empty, is refused, and its write-ahead log left as it is",
    async () => {
      await using leftovers = await makeLeftovers();
      for (const [harm, why] of [
        [rm, "is gone, but its write-ahead log"],
        [truncate, `is empty, though there were records up to id ${COMMITS} in it`],
      ] as const) {
        const path = await leftovers.copy();
        await harm(path);
        const before = await contentsOf(path);
        expect(await open(path).catch((error: Error) => error)).toMatchObject({
          code: "database_unusable",
          message: expect.stringContaining(why),
        });
        expect(await contentsOf(path)).toEqual(before);
      }
    },
    LIMIT_MS,
  );
});

/** A database of before there were stamps, with a log that has none either, as a crash leaves them, and a backup from before that log. */
async function makeUnstamped() {
  const folder = await makeTemporaryFolder();
  const [source, backup] = [folder.file("source.db"), folder.file("backup.db")];
  await (await open(source)).store.close();
  using database = new Database(source);
  database.run("DROP TABLE stamp");
  makeOldReceipts(database);
  database.run("PRAGMA user_version=3");
  database.run("PRAGMA wal_autocheckpoint=0");
  const mark = (name: string) => {
    database.query("INSERT INTO mark VALUES (?, 1)").run(name);
    database.query("INSERT INTO receipt VALUES (1, ?, '1-1', '{}', 0)").run(name);
  };
  let next = 0;
  // In order, so that pages are full and a backup is no shorter.
  const marks = () => Array.from({ length: 300 }, () => `${String(next++).padStart(6, "0")} ${crypto.randomUUID()}`);
  for (const name of marks()) mark(name);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  // A backup has its tables one after another, in the database their pages lie mixed.
  for (const name of marks()) mark(name);
  database.query("VACUUM INTO ?").run(backup);
  {
    // Nor may it be shorter than the database.
    using copy = new Database(backup);
    for (const name of marks()) copy.query("INSERT INTO receipt VALUES (2, ?, '1-1', '{}', 0)").run(name);
  }
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  for (const name of marks()) database.query("INSERT INTO mark VALUES (?, 1)").run(name);
  const count = database.query<{ n: number }, []>("SELECT count(*) AS n FROM mark").get()?.n;
  const path = folder.file("logs.db");
  for (const end of ["", "-wal"]) await cp(source + end, path + end);
  return { path, backup, count, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe("what a collector of before there were stamps left that was killed", () => {
  test("is taken on with all that is in its log", async () => {
    await using unstamped = await makeUnstamped();
    const { store, failures } = await open(unstamped.path);
    await store.close();
    using database = new Database(unstamped.path);
    const counted = database.query("SELECT (SELECT count(*) FROM mark) AS marks, (SELECT count(*) FROM stamp) AS stamps").get();
    expect([counted, failures]).toEqual([{ marks: unstamped.count, stamps: 1 }, []]);
  });

  test("is refused where a backup was put in the database's place, and left as it is", async () => {
    await using unstamped = await makeUnstamped();
    await cp(unstamped.backup, unstamped.path);
    const before = await contentsOf(unstamped.path);
    expect(await open(unstamped.path).catch((error: Error) => error)).toMatchObject({
      code: "database_unusable",
      message: expect.stringContaining("was written for another database"),
    });
    expect(await contentsOf(unstamped.path)).toEqual(before);
  });
});

describe("a database that is cut short", () => {
  test(
    "beside its write-ahead log is refused and left as it is, and the records that it costs are named",
    async () => {
      await using folder = await makeTemporaryFolder();
      const [source, path] = [folder.file("source.db"), folder.file("cut/logs.db")];
      await mkdir(folder.file("cut"));
      using database = openForWriting(source);
      const appender = createAppender(database);
      const random = createRandom(7);
      const append = () => {
        const builder = createRecordBatchBuilder();
        for (let i = 0; i < 200; i += 1) appendTo(builder, randomRecord(random));
        appender.append({ batch: builder.seal(), receipts: [], receivedAtMs: 0 });
      };
      for (let i = 0; i < COMMITS; i += 1) append();
      database.run("PRAGMA wal_checkpoint(TRUNCATE)");
      append();
      for (const end of ["", "-wal"]) await cp(source + end, path + end);
      await truncate(path, Math.floor((await stat(path)).size / 2));
      const before = await contentsOf(path);
      expect(await open(path).catch((error: Error) => error)).toMatchObject({
        code: "database_damaged",
        message: expect.stringMatching(/is cut short, \d+ of \d+ bytes are left, and its write-ahead log does not have the rest/),
      });
      const { findings, whole, blocks } = verify(path);
      expect(findings[0]).toMatchObject({ about: "file", message: expect.stringContaining("it is cut short") });
      expect(findings.some(({ about, first_id }) => about === "block" && first_id !== undefined)).toBe(true);
      expect(whole).toBeLessThan(blocks);
      expect(await contentsOf(path)).toEqual(before);
    },
    LIMIT_MS,
  );
});

describe("a database at rest", () => {
  test(
    "that was cut short, or lost its first page, is refused and left as it is",
    async () => {
      await using leftovers = await makeLeftovers();
      for (const [harm, why] of [
        [(path: string) => truncate(path, 20_000), "is cut short, 20000 of"],
        [(path: string) => truncate(path, 50), "is cut short, 50 of 100 bytes"],
        [(path: string) => truncate(path, 0), `is empty, though there were records up to id ${COMMITS}`],
        [(path: string) => flip(path, 3), "is no database: it does not begin as one"],
      ] as const) {
        const path = await leftovers.copy();
        await (await open(path)).store.close();
        await harm(path);
        const before = await contentsOf(path);
        const failure = (await open(path).catch((error: Error) => error)) as Error;
        expect(failure.message).toContain(why);
        expect(failure.message).not.toContain("\n");
        expect(failure).toMatchObject({ code: "database_unusable" });
        expect(await contentsOf(path)).toEqual(before);
      }
    },
    LIMIT_MS,
  );

  test(
    "that was deleted is begun anew, with ids from 1 on; so is an empty file",
    async () => {
      await using leftovers = await makeLeftovers();
      const path = await leftovers.copy();
      await (await open(path)).store.close();
      await rm(path);
      for (const place of [path, `${path}-other`]) {
        if (place !== path) await writeFile(place, "");
        const { store, failures } = await open(place);
        await appendAll(store, [randomRecord(createRandom(1))]);
        expect([await idsOf(store), failures]).toEqual([[1], []]);
        await store.close();
      }
    },
    LIMIT_MS,
  );

  test(
    "of no known format is refused",
    async () => {
      await using leftovers = await makeLeftovers();
      const path = await leftovers.copy();
      await (await open(path)).store.close();
      {
        using database = new Database(path);
        database.run("PRAGMA user_version=0");
      }
      expect(await open(path).catch((error: Error) => error)).toMatchObject({ code: "database_unusable" });
    },
    LIMIT_MS,
  );
});
