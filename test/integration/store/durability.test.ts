import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { LogctlError } from "../../../src/errors.ts";
import { NO_FILTER } from "../../../src/query/filter.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import { openStore } from "../../../src/store/blocks/open-block-store.ts";
import type { Receipt } from "../../../src/store/receipt.ts";
import type { Store } from "../../../src/store/store.ts";
import { appendTo, randomRecord } from "../../support/random-records.ts";
import { answerOf, appendAll, idsOf, openTestStore, upTo } from "../../support/store.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const random = createRandom(23);
const take = (count: number) => Array.from({ length: count }, () => randomRecord(random));
const RECEIPT: Receipt = { scope: 1, key: "k", bodyHash: "0123456789abcdef", accepted: 2, isPartial: false };

function optionsFor(path: string) {
  return { path, pid: process.pid, now: () => Date.now(), onFailure: () => {} };
}

async function appendWith(store: Store, count: number, receipt: Receipt): Promise<void> {
  await store.append((batch) => {
    for (const record of take(count)) appendTo(batch, record);
    return { receipt };
  });
}

/** What another process would find in the file at this moment. */
function stored(path: string): { rows: number; receipts: number } {
  using database = new Database(path, { readonly: true });
  // In one statement: two would see two moments.
  const sql =
    "SELECT (SELECT coalesce(sum(rows), 0) FROM block) AS rows, (SELECT coalesce(sum(receipts), 0) FROM receipt) AS receipts";
  return database.query(sql).get() as { rows: number; receipts: number };
}

async function refusalOf(opening: Promise<Store>): Promise<LogctlError> {
  const refusal = await opening.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refusal instanceof LogctlError) return refusal;
  throw new Error("it was not refused", { cause: refusal });
}

describe("closing", () => {
  test("leaves the database, its lock and its last id, and nothing else", async () => {
    await using folder = await makeTemporaryFolder();
    const store = await openStore(optionsFor(folder.file("logs.db")));
    for (let commit = 0; commit < 50; commit += 1) await appendAll(store, take(3));
    expect(await idsOf(store)).toEqual(upTo(150));
    await store.close();
    expect((await readdir(folder.path)).sort()).toEqual(["logs.db", "logs.db-last", "logs.db-lock"]);
  });

  test("waits for what was accepted, and refuses what comes after", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const store = await openStore(optionsFor(path));
    const appends = Array.from({ length: 20 }, () => appendAll(store, take(5)));
    await store.close();
    expect((await Promise.allSettled(appends)).filter(({ status }) => status === "fulfilled")).toHaveLength(20);
    expect(stored(path).rows).toBe(100);
    for (const late of [() => appendAll(store, take(1)), () => store.count(NO_FILTER), () => idsOf(store)]) {
      expect(await late().catch((error: Error) => error)).toMatchObject({ code: "store_unavailable" });
    }
    expect(stored(path).rows).toBe(100);
  });

  test("and opening again finds everything as it was, and goes on numbering", async () => {
    await using store = await openTestStore();
    for (let round = 0; round < 3; round += 1) {
      for (let commit = 0; commit < 40; commit += 1) await store.append(take(commit % 5));
      const before = await answerOf(store.store, { sort: "timestamp", order: "desc" });
      await store.reopen();
      const after = await answerOf(store.store, { sort: "timestamp", order: "desc" });
      expect(after.text === before.text).toBe(true);
    }
    await store.append(take(1));
    expect(await idsOf(store.store)).toEqual(upTo(241));
    expect(store.failures).toEqual([]);
  });
});

describe("what was acknowledged", () => {
  test("is there for every other reader at that moment, and for a search of any order", async () => {
    await using store = await openTestStore();
    for (let commit = 1; commit <= 60; commit += 1) {
      await store.append(take(2));
      expect(stored(store.path).rows).toBe(commit * 2);
      expect(await idsOf(store.store, { order: "desc", limit: 1 })).toEqual([commit * 2]);
      expect(await store.store.count(NO_FILTER)).toBe(commit * 2);
    }
  });

  test("has its receipt, in the same transaction", async () => {
    await using store = await openTestStore();
    const appending = appendWith(store.store, 2, RECEIPT);
    let settled = false;
    void appending.then(() => {
      settled = true;
    });
    // Whenever another process looks, it sees both or neither.
    do {
      const { rows, receipts } = stored(store.path);
      expect([0, 2]).toContain(rows);
      expect(receipts).toBe(rows / 2);
      await Bun.sleep(0);
    } while (!settled);
    expect(stored(store.path)).toEqual({ rows: 2, receipts: 1 });
    expect(store.store.receipt(1, "k")).toMatchObject({ bodyHash: RECEIPT.bodyHash, accepted: 2, isPartial: false });
    expect(store.store.receipt(2, "k")).toBeUndefined();
    await store.reopen();
    expect(store.store.receipt(1, "k")).toMatchObject({ bodyHash: RECEIPT.bodyHash, accepted: 2, isPartial: false });
  });

  test("is committed with all the parts of an append in steps, and numbered behind what was committed meanwhile", async () => {
    await using store = await openTestStore();
    let meanwhile: Promise<void> | undefined;
    await store.store.appendInSteps(
      100,
      function* (batch) {
        for (let part = 0; part < 3; part += 1) {
          for (let row = 0; row < 20_000; row += 1) batch.append(Number.NaN, 0, 3, 2, "web", `record ${part} ${row}`, '{"a":1}');
          batch.append(Number.NaN, 0, 3, 2, "web", "x".repeat(1024 * 1024), "");
          yield;
        }
        return { receipt: RECEIPT };
      },
      () => {
        expect(stored(store.path)).toMatchObject({ receipts: 0 });
        meanwhile ??= appendAll(store.store, take(1));
        return meanwhile;
      },
    );
    expect(stored(store.path)).toEqual({ rows: 60_004, receipts: 1 });
    const { text } = await answerOf(store.store, { limit: 3 });
    expect(text).toContain('{"id":2,');
    expect(text.split("\n")[1]).toContain('"message":"record 0 0"');
    expect(await store.store.count(NO_FILTER)).toBe(60_004);
    await store.reopen();
    expect(await idsOf(store.store)).toEqual(upTo(60_004));
  });

  test("has no receipt where there were no records, or where filling the batch failed", async () => {
    await using store = await openTestStore();
    await store.store.append(() => ({ receipt: RECEIPT }));
    const failing = store.store.append((batch) => {
      for (const record of take(3)) appendTo(batch, record);
      throw new Error("a bad line");
    });
    await expect(failing).rejects.toThrow("a bad line");
    await appendAll(store.store, take(1));
    expect(stored(store.path)).toEqual({ rows: 1, receipts: 0 });
    expect(store.store.receipt(1, "k")).toBeUndefined();
  });
});

describe("a write that fails", () => {
  // Each way breaks one part of the transaction: what was written before it must not stay.
  test.each([
    ["receipt", "no such table"],
    ["block_part", "no such table"],
    ["block", "no such table"],
  ])("where '%s' is gone stores nothing, says so, and no longer once it works again", async (table, why) => {
    await using store = await openTestStore();
    await appendAll(store.store, take(3));
    expect(store.store.troubles()).toEqual([]);
    {
      using other = new Database(store.path);
      other.run("PRAGMA busy_timeout=5000");
      other.run(`ALTER TABLE ${table} RENAME TO elsewhere`);
      const writes = [appendWith(store.store, 2, RECEIPT), appendWith(store.store, 4, { ...RECEIPT, key: "l" })];
      for (const write of writes) {
        expect(await write.catch((error: Error) => error)).toMatchObject({
          code: "store_unavailable",
          message: expect.stringContaining(why),
        });
      }
      expect(store.store.troubles()).toMatchObject([{ code: "store_unavailable" }]);
      other.run(`ALTER TABLE elsewhere RENAME TO ${table}`);
    }
    expect(stored(store.path)).toEqual({ rows: 3, receipts: 0 });
    await appendWith(store.store, 2, RECEIPT);
    expect(store.store.troubles()).toEqual([]);
    expect(stored(store.path)).toEqual({ rows: 5, receipts: 1 });
    // A failed write has used no ids.
    expect(await idsOf(store.store)).toEqual(upTo(5));
  });

  test("is told to those who read it, too, and reading works again after", async () => {
    await using store = await openTestStore();
    await appendAll(store.store, take(3));
    expect(await idsOf(store.store)).toEqual(upTo(3));
    using other = new Database(store.path);
    other.run("PRAGMA busy_timeout=5000");
    other.run("ALTER TABLE block RENAME TO elsewhere");
    const byTimestamp = { sort: "timestamp" } as const;
    for (const read of [() => store.store.count(NO_FILTER), () => idsOf(store.store), () => idsOf(store.store, byTimestamp)]) {
      expect(await read().catch((error: Error) => error)).toMatchObject({ code: "store_unavailable" });
    }
    other.run("ALTER TABLE elsewhere RENAME TO block");
    expect(await store.store.count(NO_FILTER)).toBe(3);
    expect(await idsOf(store.store, byTimestamp)).toHaveLength(3);
  });
});

describe("a database that cannot be had", () => {
  test("because another collector has it: the second is refused, told which, and disturbs nothing", async () => {
    await using store = await openTestStore();
    await appendAll(store.store, take(1));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const refusal = await refusalOf(openStore({ ...optionsFor(store.path), pid: 1 }));
      expect(refusal.code).toBe("database_unusable");
      expect(refusal.message).toContain(`in use by process ${process.pid}`);
      await appendAll(store.store, take(1));
    }
    expect(await idsOf(store.store)).toEqual(upTo(4));
  });

  const notOurs = (path: string) => {
    using database = new Database(path);
    database.run("CREATE TABLE theirs (x)");
  };
  test.each([
    ["it is no database", async (path: string) => void (await Bun.write(path, "no database, but long enough ".repeat(99)))],
    ["it is another program's", async (path: string) => notOurs(path)],
    ["it is a folder", (path: string) => mkdir(path)],
  ])("because %s: it is refused each time, and left as it was", async (_why, prepare) => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    await prepare(path);
    const before = (await Bun.file(path).exists()) ? await Bun.file(path).bytes() : undefined;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const refusal = await refusalOf(openStore(optionsFor(path)));
      expect([refusal.code, refusal.message]).toEqual(["database_unusable", expect.stringContaining(path)]);
      expect(refusal.message).not.toContain("\n");
    }
    if (before !== undefined) expect(await Bun.file(path).bytes()).toEqual(before);
    // Elsewhere, and there once the way is free, all is well.
    const store = await openStore(optionsFor(folder.file("other.db")));
    await store.close();
  });

  test("because its folder is missing or may not be written to", async () => {
    await using folder = await makeTemporaryFolder();
    expect((await refusalOf(openStore(optionsFor(folder.file("missing/logs.db"))))).code).toBe("database_unusable");
    await mkdir(folder.file("sealed"));
    await chmod(folder.file("sealed"), 0o500);
    // Root may write anywhere.
    if (process.getuid?.() !== 0) {
      expect((await refusalOf(openStore(optionsFor(folder.file("sealed/logs.db"))))).code).toBe("database_unusable");
    }
    await chmod(folder.file("sealed"), 0o700);
  });

  test("keeps no process alive: one that only tried ends by itself, one that closed does too", async () => {
    await using folder = await makeTemporaryFolder();
    await Bun.write(folder.file("bad.db"), "no database, but long enough ".repeat(99));
    const source = new URL("../../../src/store/blocks/open-block-store.ts", import.meta.url).pathname;
    const script = `
      import { openStore } from ${JSON.stringify(source)};
      const open = (path) => openStore({ path, pid: process.pid, now: Date.now, onFailure() {} });
      for (const path of ["bad.db", "missing/x.db"]) await open(path).catch((error) => console.log(error.code));
      const store = await open("good.db");
      await store.append((batch) => (batch.append(1, 0, 3, 2, "web", "hello", ""), {}));
      console.log(await store.count({ services: [], severityMask: 63, query: { type: "text", field: "any", parts: ["hello"] } }));
      await store.close();
    `;
    await Bun.write(folder.file("script.ts"), script);
    const process_ = Bun.spawn([process.execPath, "script.ts"], {
      cwd: folder.path,
      stdout: "pipe",
      stderr: "pipe",
      timeout: 10_000,
    });
    const [out, err] = await Promise.all([process_.stdout.text(), process_.stderr.text(), process_.exited]);
    expect({ out, err, code: process_.exitCode }).toEqual({ out: "database_unusable\ndatabase_unusable\n1\n", err: "", code: 0 });
  }, 15_000);
});
