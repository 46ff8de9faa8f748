import { expect, test } from "bun:test";
import { createRandom, type Random } from "../../../src/simulate/random.ts";
import { listBlocks } from "../../../src/store/blocks/block/block-catalog.ts";
import { encodeDenseBlock } from "../../../src/store/blocks/block/dense-block.ts";
import { mergeBlocks } from "../../../src/store/blocks/block/merge-blocks.ts";
import { openBlock } from "../../../src/store/blocks/block/open-block.ts";
import { encodeBlock } from "../../../src/store/blocks/block/plain-block.ts";
import { openForReading, openForWriting } from "../../../src/store/blocks/file/database.ts";
import { search } from "../../../src/store/blocks/search/search.ts";
import { createAppender } from "../../../src/store/blocks/write/append.ts";
import { createRecordBatchBuilder } from "../../../src/store/record-batch.ts";
import { noDamage } from "../../support/no-damage.ts";
import { randomFilter } from "../../support/random-filters.ts";
import { appendTo, BASE_MS, type KnownRecord, randomRecord } from "../../support/random-records.ts";
import { countByHand, type ReferencePlan, searchByHand } from "../../support/reference-search.ts";
import { countStepwise } from "../../support/tally.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);

/** A database without threads, so that a search can be met by a merge, or by new records, at each of its steps. */
function openStepwise(path: string, random: Random, large: number) {
  const writing = openForWriting(path);
  // Thousands of commits, and nothing that need survive.
  writing.run("PRAGMA synchronous=OFF");
  const reading = openForReading(path);
  const appender = createAppender(writing);
  const known: KnownRecord[] = [];
  return {
    reading,
    known,
    append(size: number): void {
      const builder = createRecordBatchBuilder();
      const receivedMs = BASE_MS + known.length;
      for (let i = 0; i < size; i += 1) {
        const record = randomRecord(random);
        if (random.next() < large) record.message += ` ${"y".repeat(150_000)}`;
        appendTo(builder, record);
        const ms = Number.isNaN(record.ms) ? receivedMs : record.ms;
        known.push({ ...record, ms, id: known.length + 1, receivedMs });
      }
      appender.append({ batch: builder.seal(), receipts: [], receivedAtMs: receivedMs });
    },
    /** Puts one block in the place of any two to five neighbours. */
    merge(): void {
      const metas = listBlocks(writing);
      const start = random.between(0, Math.max(0, metas.length - 2));
      const replaced = metas.slice(start, start + random.between(2, 5));
      if (replaced.length < 2) return;
      const rows = mergeBlocks(replaced.map((meta) => openBlock(writing, meta)));
      const blooms = random.next() < 0.5;
      const block = random.next() < 0.5 ? encodeDenseBlock(rows) : encodeBlock(rows, { blooms, bundle: random.next() < 0.5 });
      expect(appender.replace(replaced, block)).toBe(true);
    },
    [Symbol.dispose]() {
      reading.close();
      writing.close();
    },
  };
}

function randomPlan(random: Random, known: readonly KnownRecord[]): ReferencePlan {
  const { id, ms, nanos } = random.pick(known);
  return {
    filter: randomFilter(random, known),
    sort: random.pick(["received_at", "timestamp"] as const),
    order: random.pick(["desc", "asc"] as const),
    offset: random.pick([0, 0, 3, 40]),
    limit: random.pick([1, 10, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]),
    ...(random.next() < 0.3 && { after: { id, ms, nanos } }),
  };
}

test.each([
  ["small records", 6, 0],
  // A few of these fill a page: blocks have several, which are read one after another.
  ["large records among them", 2, 0.15],
])(
  "a search whose blocks are replaced at any of its steps finds each record of its start once: %s",
  async (_, rounds, large) => {
    const random = createRandom(SEED);
    let found = 0;
    for (let round = 0; round < rounds; round += 1) {
      await using folder = await makeTemporaryFolder();
      using database = openStepwise(folder.file("logs.db"), random, large);
      const { reading, known } = database;
      const meet = () => {
        const chance = random.next();
        if (chance < 0.5) database.merge();
        else if (chance < 0.6) database.append(random.between(1, 8));
      };
      for (let i = 0; i < 12; i += 1) {
        // Often more blocks than are listed at a time.
        for (let commit = random.pick(large > 0 ? [5, 10] : [3, 20, 70]); commit > 0; commit -= 1)
          database.append(random.between(1, 8));
        const plan = randomPlan(random, known);
        const expected = searchByHand(known, plan);
        let text = "";
        for (const chunk of search(reading, { ...plan, format: "ndjson" }, noDamage)) {
          text += chunk === undefined ? "" : Buffer.from(chunk.bytes).toString();
          meet();
        }
        const ids = Array.from(text.matchAll(/^\{"id":(\d+)/gm), ([, id]) => Number(id));
        expect({ seed: SEED, plan, ids }).toEqual({ seed: SEED, plan, ids: expected });
        found += ids.length;

        const expectedCount = countByHand(known, plan.filter);
        const counting = countStepwise(reading, plan.filter);
        let step = counting.next();
        for (; !step.done; step = counting.next()) meet();
        expect({ seed: SEED, plan, count: step.value }).toEqual({ seed: SEED, plan, count: expectedCount });
      }
    }
    expect(found).toBeGreaterThan(50);
  },
  30_000,
);
