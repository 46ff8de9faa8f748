import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../src/query/filter.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import { eventually } from "../../support/binary.ts";
import { randomRecord } from "../../support/random-records.ts";
import { searchByHand } from "../../support/reference-search.ts";
import { answerOf, idsOf, openTestStore, upTo } from "../../support/store.ts";

const COMMITS = 5000;

/** The blocks' ids, first to last, and parts that belong to no block. */
function layoutOf(path: string) {
  using database = new Database(path, { readonly: true });
  const blocks = database.query("SELECT id, first_id, last_id, rows FROM block ORDER BY first_id").all() as {
    id: number;
    first_id: number;
    last_id: number;
    rows: number;
  }[];
  const known = new Set(blocks.map(({ id }) => id));
  const parts = database.query("SELECT DISTINCT key >> 14 AS id FROM block_part").all() as { id: number }[];
  return { blocks, strays: parts.filter(({ id }) => !known.has(id)) };
}

describe("compaction", () => {
  test("makes few blocks of thousands of commits, with every record there once, after opening again too", async () => {
    const random = createRandom(41);
    await using store = await openTestStore();
    for (let commit = 0; commit < COMMITS; commit += 1) await store.append([randomRecord(random)]);
    await eventually(() => (store.blocks() < 150 ? true : undefined));
    const plan = { filter: NO_FILTER, sort: "timestamp", order: "desc", offset: 0, limit: COMMITS } as const;
    for (const opened of ["first", "again"]) {
      expect([opened, await idsOf(store.store)]).toEqual([opened, upTo(COMMITS)]);
      expect([opened, await idsOf(store.store, plan)]).toEqual([opened, searchByHand(store.known, plan)]);
      const { blocks, strays } = layoutOf(store.path);
      expect(strays).toEqual([]);
      // Each begins where the last one ended, and its description is true.
      let next = 1;
      for (const { first_id, last_id, rows } of blocks) {
        expect([first_id, last_id - first_id + 1]).toEqual([next, rows]);
        next = last_id + 1;
      }
      expect(next).toBe(COMMITS + 1);
      if (opened === "first") await store.reopen();
    }
    await eventually(() => (store.blocks() < 150 ? true : undefined));
    expect(store.failures).toEqual([]);
  }, 40_000);

  test("changes not a letter of any record", async () => {
    const random = createRandom(42);
    await using store = await openTestStore();
    for (let commit = 0; commit < 30; commit += 1) {
      await store.append(Array.from({ length: random.between(1, 100) }, () => randomRecord(random)));
    }
    expect(store.blocks()).toBe(30);
    const before = (await answerOf(store.store)).text;
    // Two more commits make it worth a look; the records of these come last.
    for (let commit = 0; commit < 40; commit += 1) await store.append([randomRecord(random)]);
    await eventually(() => (store.blocks() < 30 ? true : undefined));
    const after = (await answerOf(store.store)).text;
    expect(after.startsWith(before)).toBe(true);
    expect(store.failures).toEqual([]);
  }, 20_000);

  test("goes on, after it failed, once that is over", async () => {
    const random = createRandom(43);
    await using store = await openTestStore();
    const commits = async (count: number) => {
      for (let commit = 0; commit < count; commit += 1) await store.append([randomRecord(random)]);
    };
    using other = new Database(store.path);
    other.run("PRAGMA busy_timeout=5000");
    // Appends go in; what would replace anything does not.
    other.run("CREATE TRIGGER broken BEFORE DELETE ON block BEGIN SELECT raise(ABORT, 'broken on purpose'); END");
    await commits(300);
    await eventually(() => (store.failures.length > 0 ? true : undefined));
    expect(store.failures[0]?.message).toContain("broken on purpose");
    expect(await idsOf(store.store)).toEqual(upTo(300));
    other.run("DROP TRIGGER broken");
    await commits(40);
    await eventually(() => (store.blocks() < 150 ? true : undefined));
    expect(await idsOf(store.store)).toEqual(upTo(340));
    expect(store.store.troubles()).toEqual([]);
  }, 20_000);
});
