import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createRandom, type Random } from "../../../../../src/simulate/random.ts";
import { backUp } from "../../../../../src/store/blocks/backup.ts";
import { dropBlocks, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { markDatabase, openForReading, openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { vacuumPages } from "../../../../../src/store/blocks/file/space.ts";
import { createToken } from "../../../../../src/store/blocks/file/tokens.ts";
import { lookAtOrigin } from "../../../../../src/store/blocks/wal/wal-origin.ts";
import { createAppender } from "../../../../../src/store/blocks/write/append.ts";
import { batchOf, numbered } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const NOW = Date.parse("2026-11-24T10:00:00Z");
const PAGE_BYTES = 4096;
const FRAME_BYTES = 24 + PAGE_BYTES;
const LIMIT_MS = 60_000;

/** What is on disk at one moment, and what is in the database then. */
type State = { file: Buffer; log: Buffer; content: string };

/** All that a reader finds; throws where SQLite finds the database damaged. */
function contentOf(database: Database): string {
  const checked = database.query<{ quick_check: string }, []>("PRAGMA quick_check").get()?.quick_check;
  if (checked !== "ok") throw new Error(checked);
  const tables = ["block", "block_part", "token", "mark"].map((table) => database.query(`SELECT * FROM ${table}`).all());
  return String(Bun.hash(JSON.stringify(tables, (_, value) => (value instanceof Uint8Array ? Array.from(value) : value))));
}

function stateOf(path: string, database: Database): State {
  return { file: readFileSync(path), log: readFileSync(`${path}-wal`), content: contentOf(database) };
}

/** Puts the two files to `path`, and answers what they are to each other. */
function place(path: string, file: Uint8Array, log: Uint8Array) {
  rmSync(`${path}-shm`, { force: true });
  writeFileSync(path, file);
  writeFileSync(`${path}-wal`, log);
  return lookAtOrigin(path);
}

function readPlaced(path: string): string {
  try {
    using database = openForReading(path);
    return contentOf(database);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Does what writers do, at random, over several logs, and keeps what is on disk after each step. */
function liveThrough(path: string, steps: number, random: Random): State[] {
  using database = openForWriting(path);
  // It is taken into the file when this says so.
  database.run("PRAGMA wal_autocheckpoint=0");
  const appender = createAppender(database);
  const states: State[] = [];
  const pick = (count: number) => Math.floor(random.next() * count);
  const work = [
    () => appender.append({ batch: batchOf(numbered(1 + pick(2000))), receipts: [], receivedAtMs: NOW }),
    () => appender.append({ batch: batchOf(numbered(1)), receipts: [], receivedAtMs: NOW }),
    () => dropBlocks(database, listBlocks(database, {}, "oldest", 1 + pick(3))),
    () => vacuumPages(database, 1 + pick(5)),
    () => markDatabase(database, { x: pick(99) }),
    () => createToken(database, { name: `${pick(1e9)}`, service: "a", scopes: ["ingest"], expiresAt: null }, NOW),
    () => database.run("PRAGMA wal_checkpoint(PASSIVE)"),
    () => database.run("PRAGMA wal_checkpoint(RESTART)"),
    () => database.run("PRAGMA wal_checkpoint(TRUNCATE)"),
  ];
  for (let step = 0; step < steps; step += 1) {
    work[pick(work.length)]?.();
    states.push(stateOf(path, database));
  }
  return states;
}

/** A file into which only some of the log's pages got, each in any of its versions, before a checkpoint was broken off. */
function breakOff({ file, log }: State, random: Random): Buffer {
  const mixed = Buffer.concat([file, Buffer.alloc(0)]);
  const isOfThisLog = (at: number) => log.compare(log, 16, 24, at + 8, at + 16) === 0;
  let bytes = mixed;
  for (let at = 32; at + FRAME_BYTES <= log.length && isOfThisLog(at); at += FRAME_BYTES) {
    if (random.next() < 0.5) continue;
    const page = log.readUInt32BE(at);
    if (bytes.length < page * PAGE_BYTES) bytes = Buffer.concat([bytes, Buffer.alloc(page * PAGE_BYTES - bytes.length)]);
    log.copy(bytes, (page - 1) * PAGE_BYTES, at + 24, at + FRAME_BYTES);
  }
  return bytes;
}

describe("a write-ahead log beside a database", () => {
  test(
    "is taken for its own wherever a crash left the two, and for no other's where it would change what is in it",
    async () => {
      await using folder = await makeTemporaryFolder();
      const random = createRandom(SEED);
      const lives = [liveThrough(folder.file("a.db"), 30, random), liveThrough(folder.file("b.db"), 6, random)];
      const states = lives.flat();
      const path = folder.file("x.db");
      let foreign = 0;
      for (const [i, { file }] of states.entries()) {
        for (const [j, { log, content }] of states.entries()) {
          if (log.length === 0) continue;
          const at = { seed: SEED, i, j };
          const { kind } = place(path, file, log);
          if (i === j) expect({ ...at, kind }).toEqual({ ...at, kind: "fits" });
          if (kind === "fits") expect({ ...at, content: readPlaced(path) }).toEqual({ ...at, content });
          else {
            expect({ ...at, kind }).toEqual({ ...at, kind: expect.stringMatching(/^(foreign|behind)$/) });
            foreign += 1;
          }
        }
      }
      expect(foreign).toBeGreaterThan(states.length);
    },
    LIMIT_MS,
  );

  test(
    "is its own where a checkpoint was broken off after any of its pages",
    async () => {
      await using folder = await makeTemporaryFolder();
      const random = createRandom(SEED);
      const path = folder.file("x.db");
      for (const [i, state] of liveThrough(folder.file("a.db"), 40, random).entries()) {
        if (state.log.length === 0) continue;
        for (let round = 0; round < 3; round += 1) {
          const at = { seed: SEED, i, round };
          expect({ ...at, ...place(path, breakOff(state, random), state.log) }).toEqual({ ...at, kind: "fits" });
          expect({ ...at, content: readPlaced(path) }).toEqual({ ...at, content: state.content });
        }
      }
    },
    LIMIT_MS,
  );

  test("is not a backup's, though that was made while the log was written, nor that of a copy of before there were stamps", async () => {
    await using folder = await makeTemporaryFolder();
    const [path, copy, old] = [folder.file("logs.db"), folder.file("copy.db"), folder.file("old.db")];
    using database = openForWriting(path);
    const appender = createAppender(database);
    const append = () => appender.append({ batch: batchOf(numbered(50)), receipts: [], receivedAtMs: NOW });
    append();
    backUp(path, copy);
    backUp(path, old);
    {
      using older = new Database(old);
      older.run("DROP TABLE stamp");
    }
    append();
    const log = readFileSync(`${path}-wal`);
    for (const file of [copy, old]) expect(place(folder.file("x.db"), readFileSync(file), log)).toEqual({ kind: "foreign" });
  });

  test("of which nothing was committed, or that has nothing in it, is anybody's", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    markDatabase(database, { x: 1 });
    const [file, log] = [readFileSync(folder.file("logs.db")), readFileSync(folder.file("logs.db-wal"))];
    using other = openForWriting(folder.file("other.db"));
    markDatabase(other, { x: 1 });
    const foreign = readFileSync(folder.file("other.db-wal"));
    const path = folder.file("x.db");
    expect(place(path, file, foreign)).toEqual({ kind: "foreign" });
    for (const nothing of [Buffer.alloc(0), Buffer.alloc(9000), foreign.subarray(0, 32), foreign.subarray(0, 32 + FRAME_BYTES)])
      expect(place(path, file, nothing)).toEqual({ kind: "fits" });
    expect(place(path, file, log)).toEqual({ kind: "fits" });
  });

  test("counts up to its last commit that is whole: it is behind a database that has the one that was cut short", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using database = openForWriting(path);
    const appender = createAppender(database);
    const append = () => appender.append({ batch: batchOf(numbered(3000)), receipts: [], receivedAtMs: NOW });
    append();
    const before = readFileSync(path);
    append();
    const log = readFileSync(`${path}-wal`);
    const cut = log.subarray(0, log.length - FRAME_BYTES);
    database.run("PRAGMA wal_checkpoint(PASSIVE)");
    const after = readFileSync(path);
    const x = folder.file("x.db");
    expect([before, after].map((file) => place(x, file, log).kind)).toEqual(["fits", "fits"]);
    expect([before, after].map((file) => place(x, file, cut).kind)).toEqual(["fits", "behind"]);
  });

  test("is known wherever in the database the stamp is, as after a VACUUM that has put it far back", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    {
      using database = openForWriting(path);
      const appender = createAppender(database);
      for (let i = 0; i < 60; i += 1) appender.append({ batch: batchOf(numbered(3000)), receipts: [], receivedAtMs: NOW });
      database.run("DROP TABLE stamp");
      database.run("PRAGMA journal_mode=DELETE");
      database.run("PRAGMA auto_vacuum=NONE");
      database.run("VACUUM");
    }
    using database = openForWriting(path);
    const at = database
      .query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE name = 'stamp'")
      .get()?.rootpage;
    expect(at).toBeGreaterThan(64);
    const older = readFileSync(path);
    markDatabase(database, { x: 1 });
    const [file, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
    expect(place(folder.file("x.db"), file, log)).toEqual({ kind: "fits" });
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    markDatabase(database, { x: 2 });
    expect(place(folder.file("x.db"), older, readFileSync(`${path}-wal`))).toEqual({ kind: "foreign" });
    // Its own, while a VACUUM moves it.
    database.run("VACUUM");
    markDatabase(database, { x: 3 });
    expect(place(folder.file("x.db"), readFileSync(path), readFileSync(`${path}-wal`))).toEqual({ kind: "fits" });
  });

  test("that has no stamp is nobody's for certain, and so is that by which the stamp came", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    {
      using older = openForWriting(path);
      older.run("DROP TABLE stamp");
      older.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    using database = new Database(path);
    database.run("INSERT INTO mark VALUES ('x', 1)");
    const file = readFileSync(path);
    expect(place(folder.file("x.db"), file, readFileSync(`${path}-wal`))).toEqual({ kind: "unknown" });
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    // Somebody reads, so that what makes the stamp stays in the log.
    using reader = openForReading(path);
    reader.run("BEGIN");
    reader.query("SELECT * FROM mark").all();
    openForWriting(path).close();
    expect(place(folder.file("x.db"), readFileSync(path), readFileSync(`${path}-wal`)).kind).toMatch(/^(fits|unknown)$/);
    expect(place(folder.file("x.db"), file, readFileSync(`${path}-wal`))).toEqual({ kind: "unknown" });
  });

  test("does not hide that the database is cut short, but where it has all that is missing", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    using database = openForWriting(path);
    database.run("PRAGMA wal_autocheckpoint=0");
    const appender = createAppender(database);
    const append = (rows: number) => appender.append({ batch: batchOf(numbered(rows)), receipts: [], receivedAtMs: NOW });
    for (let i = 0; i < 20; i += 1) append(2000);
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    append(1);
    append(5000);
    const { file, log, content } = stateOf(path, database);
    const x = folder.file("x.db");
    expect(place(x, file, log)).toEqual({ kind: "fits" });
    expect(readPlaced(x)).toBe(content);
    let short = 0;
    for (let bytes = file.length - PAGE_BYTES / 2; bytes > 0; bytes -= PAGE_BYTES) {
      place(x, file, log);
      truncateSync(x, bytes);
      const { kind } = lookAtOrigin(x);
      if (kind === "short") short += 1;
      else expect([bytes, kind, readPlaced(x)]).toEqual([bytes, "fits", content]);
    }
    expect(short).toBeGreaterThan(10);
  });
});
