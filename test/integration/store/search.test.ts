import { describe, expect, test } from "bun:test";
import type { LogctlError } from "../../../src/errors.ts";
import { type Filter, NO_FILTER } from "../../../src/query/filter.ts";
import { MAX_GROUPS } from "../../../src/schema/limits.ts";
import { createRandom, type Random } from "../../../src/simulate/random.ts";
import type { StatsField, StatsPlan } from "../../../src/store/stats-plan.ts";
import { eventually } from "../../support/binary.ts";
import { randomFilter } from "../../support/random-filters.ts";
import { BASE_MS, type KnownRecord, randomRecord } from "../../support/random-records.ts";
import { countByHand, type ReferencePlan, searchByHand } from "../../support/reference-search.ts";
import { statsByHand } from "../../support/reference-stats.ts";
import { idsOf, openTestStore, type TestStore, upTo } from "../../support/store.ts";
import { textQuery } from "../../support/text-query.ts";

/** Printed with whatever fails; put it here to have the same records and searches again. */
const SEED = Math.floor(Math.random() * 2 ** 31);

function randomPlan(random: Random, known: readonly KnownRecord[]): ReferencePlan {
  const { id, ms, nanos } = random.pick(known);
  return {
    filter: randomFilter(random, known),
    sort: random.pick(["received_at", "timestamp"] as const),
    order: random.pick(["desc", "asc"] as const),
    offset: random.next() < 0.3 ? random.pick([1, 10, 300, 5000]) : 0,
    limit: random.pick([1, 7, 100, 1000, 1001, Number.POSITIVE_INFINITY]),
    ...(random.next() < 0.3 && { after: { id, ms, nanos } }),
  };
}

function take(random: Random, count: number) {
  return Array.from({ length: count }, () => randomRecord(random));
}

function sameIds(plan: ReferencePlan, ids: number[], expected: number[]): void {
  // Told apart at length only where they differ: there may be very many.
  if (!Bun.deepEquals(ids, expected)) expect({ seed: SEED, plan, ids }).toEqual({ seed: SEED, plan, ids: expected });
}

/** Holds so many random searches and counts to the reference; says how many records were found. */
async function compare({ store, known }: TestStore, random: Random, searches: number): Promise<number> {
  let found = 0;
  for (let i = 0; i < searches; i += 1) {
    const plan = randomPlan(random, known);
    const ids = await idsOf(store, plan);
    sameIds(plan, ids, searchByHand(known, plan));
    const { filter } = plan;
    const count = await store.count(filter);
    expect({ seed: SEED, filter, count }).toEqual({ seed: SEED, filter, count: countByHand(known, filter) });
    const stats: StatsPlan = { ...randomGroups(random), filter };
    const expected = statsByHand(known, stats);
    const answer = await store.tally(stats).then(
      (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
      ({ code }: LogctlError) => ({ code }),
    );
    const isTooLarge = (expected.groups?.length ?? 0) > MAX_GROUPS;
    expect({ seed: SEED, stats, answer }).toEqual({
      seed: SEED,
      stats,
      answer: isTooLarge ? { code: "too_many_groups" } : expected,
    });
    found += ids.length;
  }
  return found;
}

/** What to count a plan's records by. */
function randomGroups(random: Random): Omit<StatsPlan, "filter"> {
  const by: StatsField[] = [
    { kind: "severity", name: "severity" },
    { kind: "service", name: "service" },
    { kind: "attribute", name: "user", path: "user_id" },
  ];
  return {
    kind: "stats",
    by: by.slice(random.between(0, 3), random.between(1, 3)),
    ...(random.next() < 0.5 && { interval: { ms: random.pick([1000, 60_000]), clock: "timestamp" } }),
    ...(random.next() < 0.2 && { distinct: { kind: "attribute", name: "a", path: "a" } }),
    format: "json",
  };
}

/**
 * Searches while records are appended: what is found must be right for the records known when it started, or for these
 * and some of the commits since.
 */
async function compareBeside(store: TestStore, random: Random, append: () => Promise<void>): Promise<number> {
  const plan = randomPlan(random, store.known);
  const before = store.known.length;
  const searching = idsOf(store.store, plan);
  const counting = store.store.count(plan.filter);
  const ends = [before];
  for (let commit = 0; commit < 2; commit += 1) {
    await append();
    ends.push(store.known.length);
  }
  const [ids, count] = await Promise.all([searching, counting]);
  const allowed = ends.map((end) => store.known.slice(0, end));
  const fits = allowed.find((known) => Bun.deepEquals(searchByHand(known, plan), ids)) ?? store.known.slice(0, before);
  sameIds(plan, ids, searchByHand(fits, plan));
  expect({ seed: SEED, plan, counts: allowed.map((known) => countByHand(known, plan.filter)) }).toEqual({
    seed: SEED,
    plan,
    counts: expect.arrayContaining([count]),
  });
  return ids.length;
}

describe("bounds", () => {
  test("are inclusive, to the nanosecond, in blocks of one record and in one block of them all", async () => {
    const times = [0, 1, 2].flatMap((ms) => [0, 1, 500_000, 999_999].map((nanos) => ({ ms: BASE_MS + ms, nanos, digits: 9 })));
    await using store = await openTestStore();
    const fields = { severity: 2, service: "web", message: "x", attributes: "", values: [] };
    // Appended twice: each on its own, then together.
    for (const { ms, nanos } of times) await store.append([{ ...fields, ms, nanos }]);
    await store.append(times.map(({ ms, nanos }) => ({ ...fields, ms, nanos })));
    const upToNth = (n: number) => upTo(n + 1).flatMap((id) => [id, id + times.length]);
    const fromNth = (n: number) =>
      upTo(times.length)
        .filter((id) => id > n)
        .flatMap((id) => [id, id + times.length]);
    for (const [n, time] of times.entries()) {
      const found = async (filter: Partial<Filter>, sort: "received_at" | "timestamp") => {
        const wanted = { ...NO_FILTER, ...filter };
        const ids = await idsOf(store.store, { filter: wanted, sort });
        expect(await store.store.count(wanted)).toBe(ids.length);
        return ids;
      };
      for (const sort of ["received_at", "timestamp"] as const) {
        const inOrder = (ids: number[]) => (sort === "timestamp" ? ids : ids.toSorted((a, b) => a - b));
        expect(await found({ timestampStart: time }, sort)).toEqual(inOrder(fromNth(n)));
        expect(await found({ timestampEnd: time }, sort)).toEqual(inOrder(upToNth(n)));
        expect(await found({ timestampStart: time, timestampEnd: time }, sort)).toEqual([n + 1, n + 1 + times.length]);
      }
    }
    // Times of receipt are whole milliseconds.
    const at = (ms: number, nanos: number) => ({ ms, nanos, digits: 9 });
    for (const { id, receivedMs } of store.known.slice(0, times.length)) {
      const ids = (start: Filter["receivedStart"], end: Filter["receivedEnd"]) =>
        idsOf(store.store, {
          filter: { ...NO_FILTER, ...(start && { receivedStart: start }), ...(end && { receivedEnd: end }) },
        });
      expect(await ids(at(receivedMs, 0), at(receivedMs, 0))).toEqual([id]);
      expect(await ids(at(receivedMs, 0), at(receivedMs, 1))).toEqual([id]);
      expect(await ids(at(receivedMs, 1), at(receivedMs, 2))).toEqual([]);
      expect(await ids(at(receivedMs - 1, 1), at(receivedMs, 0))).toEqual([id]);
    }
  });
});

describe("a search finds what a naive one finds", () => {
  test("in many small blocks, while they are merged and more arrive, and afterwards", async () => {
    const random = createRandom(SEED);
    await using store = await openTestStore();
    // Fewer commits than the compactor looks at: all of these are small blocks.
    for (let commit = 0; commit < 25; commit += 1) await store.append(take(random, random.between(1, 120)));
    expect(store.blocks()).toBe(25);
    expect(await compare(store, random, 100)).toBeGreaterThan(1000);

    let found = 0;
    for (let round = 0; round < 80; round += 1) {
      found += await compareBeside(store, random, () => store.append(take(random, random.pick([1, 1, 20, 60]))));
    }
    expect(found).toBeGreaterThan(1000);
    // Blocks were merged meanwhile.
    expect(store.blocks()).toBeLessThan(25 + 160);

    await eventually(() => (store.blocks() < 70 ? true : undefined));
    expect(await compare(store, random, 100)).toBeGreaterThan(1000);
    expect(store.failures).toEqual([]);
  }, 60_000);

  test("in full blocks, with their filters of words", async () => {
    const random = createRandom(SEED + 1);
    await using store = await openTestStore();
    for (let commit = 0; commit < 9; commit += 1) await store.append(take(random, 8000));
    await eventually(() => (store.blocks() <= 2 ? true : undefined));
    expect(await compare(store, random, 25)).toBeGreaterThan(1000);
    for (const term of ["nowhere", "timeo", "ser_id"])
      expect(await store.store.count({ ...NO_FILTER, query: textQuery(term) })).toBe(0);
    expect(store.failures).toEqual([]);
  }, 60_000);
});
