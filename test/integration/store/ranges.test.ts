import { describe, expect, test } from "bun:test";
import { createRandom } from "../../../src/simulate/random.ts";
import { randomFilter } from "../../support/random-filters.ts";
import { randomRecord } from "../../support/random-records.ts";
import { searchByHand } from "../../support/reference-search.ts";
import { answerOf, EVERYTHING, idsOf, openTestStore } from "../../support/store.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);

describe("the records after one id and up to another", () => {
  test("are what a naive search finds of them, wherever blocks begin and end, while blocks are merged", async () => {
    const random = createRandom(SEED);
    await using store = await openTestStore();
    for (let round = 0; round < 40; round += 1) {
      for (let commit = 0; commit < 3; commit += 1) {
        await store.append(Array.from({ length: random.between(1, 12) }, () => randomRecord(random)));
      }
      const newest = store.known.length;
      const throughId = random.between(0, newest);
      const after = { id: random.between(0, newest), ms: 0, nanos: 0 };
      const filter = random.between(0, 1) === 0 ? EVERYTHING.filter : randomFilter(random, store.known);
      const expected = searchByHand(store.known, { ...EVERYTHING, filter }).filter((id) => id > after.id && id <= throughId);
      expect([SEED, round, await idsOf(store.store, { filter, after, throughId })]).toEqual([SEED, round, expected]);
    }
  });

  test("are events with the same text as NDJSON, whatever was logged", async () => {
    const random = createRandom(SEED);
    await using store = await openTestStore();
    await store.append(Array.from({ length: 500 }, () => randomRecord(random)));
    const lines = (await answerOf(store.store)).text.trimEnd().split("\n");
    const events = lines.map((line, index) => `id: ${index + 1}\ndata: ${line}\n\n`);
    const { text } = await answerOf(store.store, { format: "sse" });
    expect(text).toBe(events.join(""));
    expect(text).not.toContain("\r");
  });
});
