import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../src/schema/filter.ts";
import { createRandom, type Random } from "../../../src/simulate/random.ts";
import type { SearchPlan } from "../../../src/store/search-plan.ts";
import { eventually } from "../../support/binary.ts";
import { createRandomRecords, type KnownRecord, randomFilter } from "../../support/random-records.ts";
import { searchByHand } from "../../support/reference-search.ts";
import { openTestStore, type TestStore } from "../../support/store.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);

function randomPlan(random: Random, known: readonly KnownRecord[]): Omit<SearchPlan, "format"> {
  const after = random.next() < 0.3 ? random.pick(known) : undefined;
  return {
    filter: randomFilter(random),
    sort: random.pick(["received_at", "timestamp"] as const),
    order: random.pick(["desc", "asc"] as const),
    offset: random.next() < 0.3 ? random.between(0, 200) : 0,
    limit: random.pick([1, 7, 100, 1000, Number.POSITIVE_INFINITY]),
    ...(after !== undefined && { after: { id: after.id, ms: after.ms, nanos: after.nanos } }),
  };
}

/** Holds so many random searches and counts to the reference, over what is known at the start of each. */
async function compare({ store, search, known }: TestStore, random: Random, searches: number): Promise<number> {
  let found = 0;
  for (let i = 0; i < searches; i += 1) {
    const plan = randomPlan(random, known);
    const expected = searchByHand(known, plan);
    const ids = await search(plan);
    expect({ seed: SEED, plan, ids }).toEqual({ seed: SEED, plan, ids: expected });
    found += ids.length;
    const all = { ...plan, after: undefined, offset: 0, limit: Number.POSITIVE_INFINITY };
    if (i % 4 === 0)
      expect([SEED, plan.filter, await store.count(plan.filter)]).toEqual([
        SEED,
        plan.filter,
        searchByHand(known, all as never).length,
      ]);
  }
  return found;
}

describe("a search", () => {
  test("finds what a naive one finds, in many small blocks, while they are merged, and afterwards", async () => {
    const random = createRandom(SEED);
    const next = createRandomRecords(SEED);
    const take = (count: number) => Array.from({ length: count }, next);
    await using test = await openTestStore();
    // Fewer commits than the compactor looks at: all of these are small blocks.
    for (let commit = 0; commit < 25; commit += 1) await test.append(take(random.between(1, 120)));
    expect(test.blocks()).toBe(25);
    expect(await compare(test, random, 150)).toBeGreaterThan(1000);
    // Merging goes on beside the searches.
    let searched = 0;
    for (let commit = 0; commit < 120; commit += 1) {
      await test.append(take(random.between(1, 60)));
      if (commit % 2 === 0) searched += await compare(test, random, 1);
    }
    expect(searched).toBeGreaterThan(0);
    await eventually(() => (test.blocks() < 70 ? true : undefined));
    expect(await compare(test, random, 150)).toBeGreaterThan(1000);
    expect(test.failures).toEqual([]);
  }, 60_000);

  test("finds what a naive one finds in full blocks, with their filters of words", async () => {
    const random = createRandom(SEED + 1);
    const next = createRandomRecords(SEED + 1);
    await using test = await openTestStore();
    for (let commit = 0; commit < 9; commit += 1) await test.append(Array.from({ length: 8000 }, next));
    await eventually(() => (test.blocks() <= 2 ? true : undefined));
    expect(await compare(test, random, 40)).toBeGreaterThan(1000);
    for (const term of ["nowhere", "timeo", "ser_id"]) expect(await test.store.count({ ...NO_FILTER, terms: [term] })).toBe(0);
  }, 60_000);

  test.each([
    ["received_at", "desc"],
    ["received_at", "asc"],
    ["timestamp", "desc"],
    ["timestamp", "asc"],
  ] as const)("page by page, by %s %s, gives each record once while more arrive and blocks are merged", async (sort, order) => {
    const next = createRandomRecords(SEED + 2);
    await using test = await openTestStore();
    for (let commit = 0; commit < 40; commit += 1) await test.append(Array.from({ length: 20 }, next));
    const atStart = test.known.map(({ id }) => id);
    const seen: number[] = [];
    let after: SearchPlan["after"];
    for (;;) {
      const page = await test.search({ filter: NO_FILTER, sort, order, offset: 0, limit: 37, ...(after && { after }) });
      seen.push(...page);
      const last = test.known[(page.at(-1) ?? 0) - 1];
      if (last === undefined || seen.length > 5000) break;
      after = { id: last.id, ms: last.ms, nanos: last.nanos };
      if (test.known.length < 1500) await test.append(Array.from({ length: 20 }, next));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(atStart.filter((id) => !seen.includes(id))).toEqual([]);
  });
});
