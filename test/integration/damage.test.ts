import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { closeSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { run } from "../../src/cli.ts";
import { openTestApp, type TestApp } from "../support/app.ts";
import { createTestContext } from "../support/cli.ts";

/** Three commits of two records each; of the second a bit of its texts is flipped. */
async function openDamagedApp(): Promise<TestApp> {
  const app = await openTestApp();
  for (const n of [1, 3, 5]) {
    const response = await app.post(JSON.stringify([n, n + 1].map((i) => ({ message: `record ${i} timed out`, n: i }))));
    expect(response.status).toBe(200);
  }
  using database = new Database(app.path);
  database.run("PRAGMA busy_timeout=5000");
  const part = database.query("SELECT key, data FROM block_part ORDER BY key LIMIT 1 OFFSET 1").get() as {
    key: number;
    data: Uint8Array;
  };
  const last = part.data.length - 1;
  part.data[last] = (part.data[last] as number) ^ 1;
  database.query("UPDATE block_part SET data = ? WHERE key = ?").run(part.data, part.key);
  return app;
}

async function query(app: TestApp, args: string[]) {
  const context = createTestContext({ fetch: app.fetch });
  const code = await run(["query", ...args], context);
  return { code, out: context.out(), err: context.err() };
}

/** A commit that is in the database's own file, which the harm is done to while it is open. */
async function openHarmedApp(harm: (path: string) => void): Promise<TestApp> {
  const app = await openTestApp();
  const noise = crypto.getRandomValues(new Uint8Array(40_000)).toHex();
  expect((await app.post(JSON.stringify({ message: noise }))).status).toBe(200);
  using database = new Database(app.path);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  harm(app.path);
  return app;
}

describe("a database's file that is harmed while it is open", () => {
  test("costs the records that it does not have any more where it was cut short, and each answer says so", async () => {
    await using app = await openHarmedApp((path) => truncateSync(path, statSync(path).size - 20_000));
    const answer = await app.get("/logs?limit=all&order=asc", { accept: "application/x-ndjson" });
    expect([answer.status, answer.headers.get("logctl-damaged-blocks")]).toEqual([200, "1"]);
    expect(await answer.text()).toBe("");
    expect(await (await app.get("/health")).json()).toMatchObject({ status: "ok", damaged_blocks: 1 });
  });

  test("is no well store where nothing can be read for it, also when something else can", async () => {
    await using app = await openHarmedApp((path) => {
      using database = new Database(path, { readonly: true });
      const { rootpage } = database.query("SELECT rootpage FROM sqlite_schema WHERE name = 'block'").get() as {
        rootpage: number;
      };
      const file = openSync(path, "r+");
      writeSync(file, new Uint8Array(4096).fill(0x55), 0, 4096, (rootpage - 1) * 4096);
      closeSync(file);
    });
    expect((await app.get("/health")).status).toBe(200);
    expect((await app.get("/logs?limit=all", { accept: "application/x-ndjson" })).status).toBe(503);
    const health = await app.get("/health");
    expect([health.status, await health.json()]).toEqual([
      503,
      expect.objectContaining({
        reasons: [{ code: "store_unavailable", message: expect.stringContaining("the store cannot read") }],
      }),
    ]);
  });
});

describe("a damaged block", () => {
  test("costs its own records, and each answer says that it is left out", async () => {
    await using app = await openDamagedApp();
    expect((await (await app.get("/health")).json()) as object).not.toHaveProperty("damaged_blocks");
    const page = await app.get("/logs?order=asc");
    expect([page.status, page.headers.get("logctl-damaged-blocks")]).toEqual([200, "1"]);
    expect(((await page.json()) as { id: number }[]).map(({ id }) => id)).toEqual([1, 2, 5, 6]);
    for (const accept of ["application/x-ndjson", "text/csv"]) {
      const stream = await app.get("/logs?limit=all&sort=timestamp", { accept });
      expect(stream.headers.get("logctl-damaged-blocks")).toBe("1");
      expect((await stream.text()).match(/record \d/g)).toEqual(["record 6", "record 5", "record 2", "record 1"]);
    }
    for (const [path, count] of [
      ["/logs/stats?q=timed", 4],
      ["/logs/stats?by=n", 4],
      ["/logs/fields", 4],
    ] as const) {
      const counts = await app.get(path);
      expect([path, counts.headers.get("logctl-damaged-blocks")]).toEqual([path, "1"]);
      expect(((await counts.json()) as { count: number }).count).toBe(count);
    }
    // What needs nothing of the block is answered in full.
    const whole = await app.get("/logs?limit=2");
    expect([await whole.json(), whole.headers.get("logctl-damaged-blocks")]).toMatchObject([[{ id: 6 }, { id: 5 }], null]);
  });

  test("is told of once in the collector's own log, and counted at /health, where all else is well", async () => {
    await using app = await openDamagedApp();
    for (let i = 0; i < 3; i += 1) await (await app.get("/logs")).text();
    expect(app.failures.map((failure) => (failure as Error).message)).toEqual([
      "block 2 is damaged, and left out of answers (records 3 to 4): part 0, page 0 does not match its checksum; " +
        "logctl verify looks at all of them",
    ]);
    const health = await app.get("/health");
    expect([health.status, await health.json()]).toMatchObject([200, { status: "ok", damaged_blocks: 1 }]);
    expect((await app.post('{"message": "goes on"}')).status).toBe(200);
  });

  test("is told of by logctl query, on stderr", async () => {
    await using app = await openDamagedApp();
    const told = "logctl: the collector leaves out a damaged block: logctl verify, on its machine, names the records\n";
    expect(await query(app, ["--stats", "service"])).toMatchObject({ code: 0, err: told });
    expect(await query(app, ["--count", "-q", "timed"])).toEqual({ code: 0, out: "4\n", err: told });
    const { code, out, err } = await query(app, ["--limit", "all"]);
    expect([code, out.match(/record \d/g), err]).toEqual([0, ["record 1", "record 2", "record 5", "record 6"], told]);
  });
});
