import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../src/query/filter.ts";
import { MAX_QUERY_CHARACTERS, parseQuery } from "../../../src/query/parse-query.ts";
import type { Query } from "../../../src/query/query.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import { listBlocks } from "../../../src/store/blocks/block/block-catalog.ts";
import { encodeDenseBlock } from "../../../src/store/blocks/block/dense-block.ts";
import { mergeBlocks } from "../../../src/store/blocks/block/merge-blocks.ts";
import { openBlock } from "../../../src/store/blocks/block/open-block.ts";
import { encodeBlock } from "../../../src/store/blocks/block/plain-block.ts";
import { openForWriting } from "../../../src/store/blocks/file/database.ts";
import { search } from "../../../src/store/blocks/search/search.ts";
import { createAppender } from "../../../src/store/blocks/write/append.ts";
import { createRecordBatchBuilder } from "../../../src/store/record-batch.ts";
import { noDamage } from "../../support/no-damage.ts";
import { printQuery } from "../../support/print-query.ts";
import { randomQuery, wideQuery } from "../../support/random-queries.ts";
import { appendTo, BASE_MS, type KnownRecord, randomRecord } from "../../support/random-records.ts";
import { searchByHand } from "../../support/reference-search.ts";
import { countStepwise } from "../../support/tally.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** Printed with whatever fails; put it here to have the same records and queries again. */
const SEED = Math.floor(Math.random() * 2 ** 31);
const PLAN = { sort: "received_at", order: "asc", offset: 0, limit: Number.POSITIVE_INFINITY, format: "ndjson" } as const;

async function openRecords(seed: number) {
  const folder = await makeTemporaryFolder();
  const database = openForWriting(folder.file("logs.db"));
  // What is tested here is no matter of disks.
  database.run("PRAGMA synchronous=OFF");
  const appender = createAppender(database);
  const random = createRandom(seed);
  const known: KnownRecord[] = [];
  const list = () => listBlocks(database);
  return {
    random,
    known,
    blocks: () => list().length,
    append(rows: number): void {
      const receivedMs = BASE_MS + known.length;
      const batch = createRecordBatchBuilder();
      for (let i = 0; i < rows; i += 1) {
        const record = randomRecord(random);
        appendTo(batch, record);
        known.push({ ...record, ms: Number.isNaN(record.ms) ? receivedMs : record.ms, id: known.length + 1, receivedMs });
      }
      appender.append({ batch: batch.seal(), receipts: [], receivedAtMs: receivedMs });
    },
    /** Puts one block with filters of words, dense or not, in the place of so many from the `from`th on. */
    merge(from: number, length: number): void {
      const metas = list().slice(from, from + length);
      const rows = mergeBlocks(metas.map((meta) => openBlock(database, meta)));
      const block = rows.rows % 2 === 0 ? encodeDenseBlock(rows) : encodeBlock(rows, { blooms: true, bundle: false });
      expect(appender.replace(metas, block)).toBe(true);
    },
    find(query: Query): number[] {
      let text = "";
      for (const chunk of search(database, { ...PLAN, filter: { ...NO_FILTER, query } }, noDamage))
        text += chunk === undefined ? "" : Buffer.from(chunk.bytes).toString();
      return Array.from(text.matchAll(/^\{"id":(\d+)/gm), ([, id]) => Number(id));
    },
    count(query: Query): number {
      const counting = countStepwise(database, { ...NO_FILTER, query });
      for (;;) {
        const { value, done } = counting.next();
        if (done) return value;
      }
    },
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("a query", () => {
  test("finds what a naive reading of it finds, before, while and after blocks are merged; so does what it is printed as", async () => {
    await using records = await openRecords(SEED);
    const { random, known } = records;
    let found = 0;
    let missed = 0;
    const compare = () => {
      const query = random.next() < 0.02 ? wideQuery(random, known) : randomQuery(random, known);
      const q = printQuery(query);
      // Some wide ones are longer than a query may be.
      if (q.length <= MAX_QUERY_CHARACTERS) expect({ SEED, q, query: parseQuery(q) }).toEqual({ SEED, q, query });
      const ids = searchByHand(known, { ...PLAN, filter: { ...NO_FILTER, query } });
      const given = records.find(query);
      const extra = given.filter((id) => !ids.includes(id));
      const missing = ids.filter((id) => !given.includes(id));
      expect({ SEED, q, extra, missing }).toEqual({ SEED, q, extra: [], missing: [] });
      expect({ SEED, q, count: records.count(query) }).toEqual({ SEED, q, count: ids.length });
      found += ids.length > 0 ? 1 : 0;
      missed += ids.length < known.length ? 1 : 0;
    };
    for (let commit = 0; commit < 20; commit += 1) records.append(random.between(1, 30));
    for (let i = 0; i < 700; i += 1) compare();
    for (let i = 0; i < 600; i += 1) {
      if (i % 10 === 0) records.append(random.between(1, 3));
      if (i % 4 === 0) records.merge(random.between(0, records.blocks() - 2), random.between(1, 3));
      compare();
    }
    while (records.blocks() > 2) records.merge(0, Math.ceil(records.blocks() / 2));
    for (let i = 0; i < 700; i += 1) compare();
    // Neither all nor nothing: the queries are about something.
    expect([found > 1000, missed > 1000]).toEqual([true, true]);
  }, 60_000);
});
