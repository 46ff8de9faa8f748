import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../src/query/filter.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import type { Position, SearchPlan } from "../../../src/store/search-plan.ts";
import { eventually } from "../../support/binary.ts";
import { BASE_MS, randomRecord } from "../../support/random-records.ts";
import { searchByHand } from "../../support/reference-search.ts";
import { answerOf, openTestStore } from "../../support/store.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const FILTERS = { everything: NO_FILTER, "one in two": { ...NO_FILTER, severityMask: 0b010101 } };

async function page(store: Parameters<typeof answerOf>[0], plan: Partial<SearchPlan>) {
  const { text, last } = await answerOf(store, plan);
  return { ids: Array.from(text.matchAll(/^\{"id":(\d+)/gm), ([, id]) => Number(id)), last };
}

describe("page after page, each going on where the last one ended", () => {
  const ways = (["received_at", "timestamp"] as const).flatMap((sort) =>
    (["desc", "asc"] as const).flatMap((order) =>
      (["everything", "one in two"] as const).map((what) => [what, sort, order] as const),
    ),
  );

  test.each(ways)("%s by %s %s is seen once, while more arrives and blocks are merged", async (what, sort, order) => {
    const random = createRandom(SEED);
    const take = (count: number) => Array.from({ length: count }, () => randomRecord(random));
    await using store = await openTestStore();
    for (let commit = 0; commit < 30; commit += 1) await store.append(take(20));
    const filter = FILTERS[what];
    const plan = { filter, sort, order, offset: 0, limit: 17 };
    const atStart = searchByHand(store.known, { ...plan, limit: Number.POSITIVE_INFINITY });

    let commits = 30;
    const seen: number[] = [];
    let after: Position | undefined;
    for (;;) {
      // The page is made while the next records are on their way.
      const arriving = commits < 130 ? [store.append(take(random.between(1, 10))), commits++] : [];
      const { ids, last } = await page(store.store, after === undefined ? plan : { ...plan, after });
      await arriving[0];
      if (ids.length === 0) {
        if (arriving.length === 0) break;
        continue;
      }
      seen.push(...ids);
      after = last;
      // A page that is not full may have looked further than its last record.
      if (ids.length === plan.limit) expect([SEED, last?.id]).toEqual([SEED, ids.at(-1)]);
    }

    // On a busy machine the merge that began may be under way still.
    await eventually(() => (store.blocks() < commits ? true : undefined));
    expect([SEED, seen.length]).toEqual([SEED, new Set(seen).size]);
    const wanted = new Set(atStart);
    expect([SEED, seen.filter((id) => wanted.has(id))]).toEqual([SEED, atStart]);
    // What arrived meanwhile stands in its place, too.
    const known = store.known.filter(({ id }) => seen.includes(id));
    expect([SEED, seen]).toEqual([SEED, searchByHand(known, { ...plan, limit: Number.POSITIVE_INFINITY })]);
    // In the order of arrival nothing can arrive ahead of what was seen.
    if (sort === "received_at" && order === "asc") {
      expect(seen).toEqual(searchByHand(store.known, { ...plan, limit: Number.POSITIVE_INFINITY }));
    }
    if (sort === "received_at" && order === "desc") expect(seen.length).toBeLessThanOrEqual(atStart.length + 10);
    expect(store.failures).toEqual([]);
  });

  test("tells records of one time apart, from each of them on, whatever blocks they are in", async () => {
    const random = createRandom(SEED);
    await using store = await openTestStore();
    for (let commit = 0; commit < 20; commit += 1) {
      const records = Array.from({ length: random.pick([1, 1, 3]) }, () => randomRecord(random));
      await store.append(
        records.map((record) => ({ ...record, ms: BASE_MS + random.between(0, 1), nanos: random.between(0, 1) })),
      );
    }
    for (const sort of ["received_at", "timestamp"] as const) {
      for (const order of ["desc", "asc"] as const) {
        for (const { id, ms, nanos } of store.known) {
          const plan = { filter: NO_FILTER, sort, order, offset: 0, limit: 100, after: { id, ms, nanos } };
          expect([SEED, id, (await page(store.store, plan)).ids]).toEqual([SEED, id, searchByHand(store.known, plan)]);
        }
      }
    }
  });

  test("by offset is the same while nothing arrives", async () => {
    const random = createRandom(SEED);
    await using store = await openTestStore();
    for (let commit = 0; commit < 20; commit += 1) {
      await store.append(Array.from({ length: 20 }, () => randomRecord(random)));
    }
    for (const sort of ["received_at", "timestamp"] as const) {
      const plan = { filter: NO_FILTER, sort, order: "desc", limit: 33 } as const;
      const seen: number[] = [];
      for (let offset = 0; offset < 430; offset += 33) seen.push(...(await page(store.store, { ...plan, offset })).ids);
      expect([SEED, seen]).toEqual([SEED, searchByHand(store.known, { ...plan, offset: 0, limit: 1000 })]);
    }
  });
});
