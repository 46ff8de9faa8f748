import { describe, expect, test } from "bun:test";
import { ALL_SEVERITIES, type Filter, NO_FILTER } from "../../../src/query/filter.ts";
import { createRandom, type Random } from "../../../src/simulate/random.ts";
import { listBlocks } from "../../../src/store/blocks/block/block-catalog.ts";
import { encodeDenseBlock } from "../../../src/store/blocks/block/dense-block.ts";
import { mergeBlocks } from "../../../src/store/blocks/block/merge-blocks.ts";
import { openBlock } from "../../../src/store/blocks/block/open-block.ts";
import { encodeBlock } from "../../../src/store/blocks/block/plain-block.ts";
import { openForWriting } from "../../../src/store/blocks/file/database.ts";
import { createAppender } from "../../../src/store/blocks/write/append.ts";
import { createRecordBatchBuilder } from "../../../src/store/record-batch.ts";
import type { StatsField, StatsPlan } from "../../../src/store/stats-plan.ts";
import { randomFilter } from "../../support/random-filters.ts";
import { appendTo, BASE_MS, type KnownRecord, type NewRecord, randomRecord } from "../../support/random-records.ts";
import { statsByHand } from "../../support/reference-stats.ts";
import { tallyStepwise } from "../../support/tally.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** Printed with whatever fails; put it here to have the same records and plans again. */
const SEED = Math.floor(Math.random() * 2 ** 31);

const SERVICE: StatsField = { kind: "service", name: "service" };
const SEVERITY: StatsField = { kind: "severity", name: "severity" };
const attribute = (path: string): StatsField => ({ kind: "attribute", name: path, path });
const FIELDS = [
  SERVICE,
  SEVERITY,
  ...["a", "A", "user_id", "gateway", "path", "true", "a.user_id", "path.a", "nowhere"].map(attribute),
];
const COUNT: StatsPlan = { kind: "stats", filter: NO_FILTER, by: [], format: "json" };

async function openRecords() {
  const folder = await makeTemporaryFolder();
  const database = openForWriting(folder.file("logs.db"));
  database.run("PRAGMA synchronous=OFF");
  const appender = createAppender(database);
  const known: KnownRecord[] = [];
  return {
    database,
    known,
    append(records: NewRecord[]): void {
      const batch = createRecordBatchBuilder();
      const receivedMs = BASE_MS + known.length * 50;
      for (const record of records) {
        appendTo(batch, record);
        known.push({ ...record, ms: Number.isNaN(record.ms) ? receivedMs : record.ms, id: known.length + 1, receivedMs });
      }
      appender.append({ batch: batch.seal(), receipts: [], receivedAtMs: receivedMs });
    },
    /** Puts one block in the place of so many neighbours from the `from`th on. */
    merge(from: number, length: number): void {
      const metas = listBlocks(database).slice(from, from + length);
      const rows = mergeBlocks(metas.map((meta) => openBlock(database, meta)));
      expect(
        appender.replace(
          metas,
          rows.rows % 2 === 0 ? encodeDenseBlock(rows) : encodeBlock(rows, { blooms: true, bundle: false }),
        ),
      ).toBe(true);
    },
    blocks: () => listBlocks(database).length,
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Records = Awaited<ReturnType<typeof openRecords>>;

function runPlan({ database }: Records, plan: StatsPlan, between: () => void = () => {}, threads = 2): unknown {
  const running = tallyStepwise(database, plan, threads);
  for (;;) {
    const { value, done } = running.next();
    if (done) return JSON.parse(value);
    between();
  }
}

function numbered(random: Random): NewRecord {
  const record = randomRecord(random);
  if (random.next() < 0.5) return record;
  const number = random.pick(["0", "-1", "1", "2.5", "7", "0.25", "-1000000000000", String(random.between(1, 1000))]);
  const user = String(random.between(1, 5));
  const n = random.next() < 0.1 ? `"${number}"` : number;
  return { ...record, attributes: `{"n":${n},"a":{"user_id":${user}}}`, values: [number, user] };
}

function randomPlan(random: Random, filter: Filter): StatsPlan {
  const by = FIELDS.toSorted(() => random.next() - 0.5);
  const fields = random.next() < 0.3 ? [SEVERITY, SERVICE] : by.slice(0, random.pick([0, 1, 1, 2, 3]));
  const ms = random.pick([1000, 30_000, 60_000, 3_600_000, 86_400_000]);
  return {
    ...COUNT,
    filter,
    by: fields,
    ...(random.next() < 0.4 && { interval: { ms, clock: random.pick(["timestamp", "received"] as const) } }),
    ...(random.next() < 0.3 && { of: random.pick(["n", "n", "nowhere"]) }),
    ...(random.next() < 0.3 && { distinct: random.pick(FIELDS) }),
    ...(fields.length > 0 && random.next() < 0.4 && { top: random.pick([1, 2, 5, 1000]) }),
  };
}

/** All records, those of some services and severities, or those of any filter. */
function pickFilter(random: Random, known: readonly KnownRecord[]): Filter {
  const filter = random.next() < 0.3 ? NO_FILTER : randomFilter(random, known);
  if (random.next() < 0.5) return filter;
  const services = random.next() < 0.5 ? [random.pick(known).service] : [];
  return { ...NO_FILTER, services, severityMask: random.between(0, ALL_SEVERITIES) };
}

const take = (random: Random, count: number) => Array.from({ length: count }, () => numbered(random));

describe("what is counted by groups", () => {
  test("is what a naive count finds, while blocks are merged and records arrive between any two steps", async () => {
    const random = createRandom(SEED);
    for (let round = 0; round < 6; round += 1) {
      await using records = await openRecords();
      for (let commit = 0; commit < 60; commit += 1) records.append(take(random, random.between(1, 15)));
      for (let i = 0; i < 25; i += 1) {
        const plan = randomPlan(random, pickFilter(random, records.known));
        const expected = statsByHand(records.known, plan);
        const disturb = () => {
          if (random.next() < 0.3) records.append(take(random, random.between(1, 3)));
          if (random.next() < 0.5 && records.blocks() > 20)
            records.merge(random.between(0, records.blocks() - 3), random.between(1, 3));
        };
        const answer = runPlan(records, plan, disturb, random.pick([1, 2, 3]));
        expect({ SEED, round, plan, answer }).toEqual({ SEED, round, plan, answer: expected });
      }
    }
  }, 60_000);

  test("is right in large blocks of many pages, though these are replaced between any two of them", async () => {
    const random = createRandom(SEED);
    await using records = await openRecords();
    // Some of them long, so that there are several pages.
    const pad = (record: NewRecord, i: number) =>
      i % 40 === 0 ? { ...record, message: `${record.message} ${"y".repeat(9000)}` } : record;
    for (let commit = 0; commit < 4; commit += 1) records.append(take(random, 1500).map(pad));
    records.merge(0, 2);
    records.merge(1, 2);
    for (let i = 0; i < 8; i += 1) {
      const plan = randomPlan(random, pickFilter(random, records.known));
      const expected = statsByHand(records.known, plan);
      const answer = runPlan(records, plan, () => {
        if (random.next() < 0.4) records.merge(random.between(0, records.blocks() - 1), 1);
      });
      expect({ SEED, plan, answer }).toEqual({ SEED, plan, answer: expected });
    }
  }, 60_000);

  test("of no records is no group", async () => {
    await using records = await openRecords();
    const plan = { ...COUNT, by: [SEVERITY], interval: { ms: 1000, clock: "timestamp" } as const, of: "n", top: 3 };
    expect(runPlan(records, plan)).toEqual({ count: 0, groups: [], other: 0 });
    expect(runPlan(records, { ...plan, format: "json", by: [], filter: { ...NO_FILTER, severityMask: 0 } })).toMatchObject({
      groups: [],
    });
    expect(runPlan(records, COUNT)).toEqual({ count: 0 });
  });

  test("of a group without numbers has no percentiles", async () => {
    await using records = await openRecords();
    records.append([{ ...numbered(createRandom(1)), attributes: '{"n":"7"}' }]);
    expect(runPlan(records, { ...COUNT, of: "n" })).toEqual({
      count: 1,
      groups: [
        {
          count: 1,
          values: 0,
          sum: 0,
          min: null,
          max: null,
          avg: null,
          p50: null,
          p90: null,
          p95: null,
          p99: null,
          percentile_error: 0,
        },
      ],
    });
  });

  test("by a field called __proto__ keeps its value", async () => {
    await using records = await openRecords();
    records.append([{ ...numbered(createRandom(1)), attributes: '{"__proto__":"x"}' }]);
    const text = tallyStepwise(records.database, { ...COUNT, by: [attribute("__proto__")] });
    let step = text.next();
    while (!step.done) step = text.next();
    expect(step.value).toBe('{"count":1,"groups":[{"__proto__":"x","count":1}]}\n');
  });

  test("ends with what to do where there are too many groups, and finds the largest of more of them by top", async () => {
    await using records = await openRecords();
    const base = numbered(createRandom(1));
    const ids = Array.from({ length: 12_000 }, (_, i) => ({ ...base, attributes: `{"id":${i % 11_000},"all":${i}}` }));
    records.append(ids);
    const by = [attribute("id")];
    expect(() => runPlan(records, { ...COUNT, by })).toThrow("more than 10000 groups");
    expect(() => runPlan(records, { ...COUNT, by })).toThrow("ask for the largest by top");
    expect(runPlan(records, { ...COUNT, by, of: "all", top: 1 })).toMatchObject({ groups: [{ id: 0, values: 2, max: 11_000 }] });
    expect(runPlan(records, { ...COUNT, by, top: 2 })).toEqual({
      count: 12_000,
      groups: [
        { id: 0, count: 2 },
        { id: 1, count: 2 },
      ],
      other: 11_996,
    });
    expect(runPlan(records, { ...COUNT, distinct: attribute("all") })).toMatchObject({ groups: [{ distinct: 12_000 }] });
  });

  test("as CSV has a line for each group and one for those that are left out", async () => {
    await using records = await openRecords();
    const base = { ...numbered(createRandom(1)), ms: BASE_MS, severity: 2, service: "a,b" };
    records.append(
      ['{"x":"=1+1"}', '{"x":[1,"2"]}', '{"x":[1,"2"]}', '{"x":7}', ""].map((attributes) => ({ ...base, attributes })),
    );
    const read = (plan: Partial<StatsPlan>) => {
      const running = tallyStepwise(records.database, { ...COUNT, format: "csv", ...plan });
      for (;;) {
        const { value, done } = running.next();
        if (done) return value;
      }
    };
    expect(read({})).toBe("count\r\n5\r\n");
    expect(read({ by: [SERVICE, attribute("x")] })).toBe(
      'service,x,count\r\n"a,b","[1,""2""]",2\r\n"a,b",\'=1+1,1\r\n"a,b",7,1\r\n"a,b",,1\r\n',
    );
    expect(read({ by: [attribute("x")], top: 1, interval: { ms: 60_000, clock: "timestamp" } })).toBe(
      'time,x,count\r\n2026-11-24T10:00:00Z,"[1,""2""]",2\r\n,(other),3\r\n',
    );
  });
});
