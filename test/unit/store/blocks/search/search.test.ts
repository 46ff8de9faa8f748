import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../../../src/query/filter.ts";
import { RECORD_FORMATS } from "../../../../../src/schema/filter.ts";
import { createRandom, type Random } from "../../../../../src/simulate/random.ts";
import type { BlockMeta } from "../../../../../src/store/blocks/block/block.ts";
import { listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { mergeBlocks } from "../../../../../src/store/blocks/block/merge-blocks.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { encodeBlock } from "../../../../../src/store/blocks/block/plain-block.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { search } from "../../../../../src/store/blocks/search/search.ts";
import { type Appender, createAppender } from "../../../../../src/store/blocks/write/append.ts";
import type { NoteDamage } from "../../../../../src/store/damage.ts";
import { createRecordBatchBuilder, type RecordBatchBuilder } from "../../../../../src/store/record-batch.ts";
import type { SearchPlan } from "../../../../../src/store/search-plan.ts";
import { noDamage } from "../../../../support/no-damage.ts";
import { randomFilter } from "../../../../support/random-filters.ts";
import { appendTo, type KnownRecord, randomRecord } from "../../../../support/random-records.ts";
import { countByHand, searchByHand } from "../../../../support/reference-search.ts";
import { countStepwise } from "../../../../support/tally.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";
import { textQuery } from "../../../../support/text-query.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const ALL: SearchPlan = {
  filter: NO_FILTER,
  sort: "received_at",
  order: "desc",
  offset: 0,
  limit: Number.POSITIVE_INFINITY,
  format: "ndjson",
};
const ORDERS = [
  { sort: "received_at", order: "desc" },
  { sort: "received_at", order: "asc" },
  { sort: "timestamp", order: "desc" },
  { sort: "timestamp", order: "asc" },
] as const;

/** Blocks in a database of which the test itself merges what it wants when it wants. */
async function openBlocks(seed: number) {
  const folder = await makeTemporaryFolder();
  const database = openForWriting(folder.file("logs.db"));
  // What is tested here is no matter of disks.
  database.run("PRAGMA synchronous=OFF");
  const appender = createAppender(database);
  const random = createRandom(seed);
  const known: KnownRecord[] = [];
  return {
    database,
    known,
    append(rows: number): void {
      const receivedMs = 1_764_000_000_000 + known.length;
      const batch = createRecordBatchBuilder();
      for (let i = 0; i < rows; i += 1) {
        const record = randomRecord(random);
        appendTo(batch, record);
        known.push({ ...record, ms: Number.isNaN(record.ms) ? receivedMs : record.ms, id: known.length + 1, receivedMs });
      }
      appender.append({ batch: batch.seal(), receipts: [], receivedAtMs: receivedMs });
    },
    appendOne(record: Parameters<RecordBatchBuilder["append"]>): void {
      const batch = createRecordBatchBuilder();
      batch.append(...record);
      appender.append({ batch: batch.seal(), receipts: [], receivedAtMs: 1_764_000_000_000 });
    },
    merge: (from: number, length: number) => merge(database, appender, from, length),
    blocks: () => listAll(database).length,
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Blocks = Awaited<ReturnType<typeof openBlocks>>;

function listAll(database: Database): BlockMeta[] {
  return listBlocks(database);
}

/** Puts one block, in parts and with Bloom filters, in the place of so many from the `from`th on. */
function merge(database: Database, appender: Appender, from: number, length: number): void {
  const metas = listAll(database).slice(from, from + length);
  const rows = mergeBlocks(metas.map((meta) => openBlock(database, meta)));
  expect(appender.replace(metas, encodeBlock(rows, { blooms: true, bundle: false }))).toBe(true);
}

/** Puts a copy in the place of every block: all that was listed is gone. */
function replaceAll({ blocks, merge }: Blocks): void {
  for (let at = 0; at < blocks(); at += 1) merge(at, 1);
}

/** Runs a search to its end, with `between` before each of its steps; more than so many steps are an endless search. */
function run(
  { database }: Blocks,
  plan: Partial<SearchPlan>,
  between: (step: number) => void = () => {},
  note: NoteDamage = noDamage,
) {
  let text = "";
  let rows = 0;
  let last: SearchPlan["after"];
  let step = 0;
  for (const chunk of search(database, { ...ALL, ...plan }, note)) {
    text += chunk === undefined ? "" : Buffer.from(chunk.bytes).toString();
    rows += chunk?.rows ?? 0;
    last = chunk?.last ?? last;
    step += 1;
    if (step > 20_000) throw new Error("the search does not end");
    between(step);
  }
  return { text, rows, last };
}

function idsOf(text: string): number[] {
  return text === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).id);
}

function countAll({ database }: Blocks, filter: SearchPlan["filter"], between: () => void = () => {}): number {
  const counting = countStepwise(database, filter);
  for (;;) {
    const { value, done } = counting.next();
    if (done) return value;
    between();
  }
}

function randomPlan(random: Random, known: readonly KnownRecord[]): SearchPlan {
  const after = random.next() < 0.3 ? random.pick(known) : undefined;
  const filter = random.next() < 0.4 ? NO_FILTER : randomFilter(random, known);
  return {
    ...ALL,
    ...random.pick(ORDERS),
    filter,
    offset: random.next() < 0.3 ? random.between(0, 100) : 0,
    limit: random.pick([1, 10, 100, Number.POSITIVE_INFINITY]),
    ...(after && { after: { id: after.id, ms: after.ms, nanos: after.nanos } }),
  };
}

describe("a search, step by step", () => {
  test("finds what a naive one finds while blocks are merged and records arrive between any two steps", async () => {
    const random = createRandom(SEED);
    for (let round = 0; round < 12; round += 1) {
      await using blocks = await openBlocks(SEED + round);
      for (let commit = 0; commit < 90; commit += 1) blocks.append(random.between(1, 12));
      for (let i = 0; i < 15; i += 1) {
        const plan = randomPlan(random, blocks.known);
        const expected = searchByHand(blocks.known, plan);
        const disturb = () => {
          if (random.next() < 0.3) blocks.append(random.between(1, 3));
          if (random.next() < 0.5 && blocks.blocks() > 30)
            blocks.merge(random.between(0, blocks.blocks() - 3), random.between(1, 3));
        };
        expect({ SEED, round, plan, ids: idsOf(run(blocks, plan, disturb).text) }).toEqual({ SEED, round, plan, ids: expected });
        const all = searchByHand(blocks.known, { ...ALL, filter: plan.filter }).length;
        expect({ SEED, plan, count: countAll(blocks, plan.filter, disturb) }).toEqual({ SEED, plan, count: all });
      }
    }
  }, 30_000);

  test.each(ORDERS)("ends, by $sort $order, though every block is replaced between any two steps", async (order) => {
    await using blocks = await openBlocks(SEED);
    for (let commit = 0; commit < 10; commit += 1) blocks.append(15);
    replaceAll(blocks);
    for (const filter of [NO_FILTER, ...["nowhere", "x"].map((text) => ({ ...NO_FILTER, query: textQuery(text) }))]) {
      const plan = { ...ALL, ...order, filter };
      expect(idsOf(run(blocks, plan, () => replaceAll(blocks)).text)).toEqual(searchByHand(blocks.known, plan));
      expect(countAll(blocks, plan.filter, () => replaceAll(blocks))).toBe(searchByHand(blocks.known, plan).length);
    }
  });

  test.each(ORDERS)(
    "by $sort $order, gives rows of many pages once, though their block is replaced between any two of them",
    async (order) => {
      await using blocks = await openBlocks(SEED);
      // Two or three records a page, and neighbours in time on different pages.
      for (let id = 0; id < 24; id += 1) blocks.appendOne([(id * 7) % 24, 0, 3, 2, "web", `m ${"x".repeat(150_000)}`, ""]);
      blocks.merge(0, 12);
      blocks.merge(1, 12);
      const expected = Array.from({ length: 24 }, (_, id) => ({ id: id + 1, ms: (id * 7) % 24 }))
        .toSorted((a, b) => (order.sort === "timestamp" ? a.ms - b.ms : a.id - b.id))
        .map(({ id }) => id);
      if (order.order === "desc") expected.reverse();
      expect(idsOf(run(blocks, order, () => replaceAll(blocks)).text)).toEqual(expected);
      blocks.merge(0, 2);
      let merged = false;
      const split = () => {
        if (!merged) replaceAll(blocks);
        merged = true;
      };
      expect(idsOf(run(blocks, { ...order, offset: 3 }, split).text)).toEqual(expected.slice(3));
    },
  );

  test.each(ORDERS)("by $sort $order, sees the records there were when it started, however many more come", async (order) => {
    await using blocks = await openBlocks(SEED);
    for (let commit = 0; commit < 70; commit += 1) blocks.append(3);
    const expected = searchByHand(blocks.known, { ...ALL, ...order });
    const grow = (step: number) => {
      blocks.append(5);
      // What came later and what was there before come to lie in one block.
      if (step % 5 === 0) blocks.merge(blocks.blocks() - 10, 10);
    };
    expect(idsOf(run(blocks, order, grow).text)).toEqual(expected);
  });

  test("counts the records there were when it started", async () => {
    await using blocks = await openBlocks(SEED);
    for (let commit = 0; commit < 70; commit += 1) blocks.append(3);
    expect(countAll(blocks, NO_FILTER, () => blocks.append(5))).toBe(210);
  });

  test.each(ORDERS)("by $sort $order, leaves out what `offset` says, once, also when it has to list again", async (order) => {
    await using blocks = await openBlocks(SEED);
    for (let commit = 0; commit < 10; commit += 1) blocks.append(15);
    for (const offset of [1, 15, 77, 150]) {
      const plan = { ...ALL, ...order, offset, limit: 40 };
      expect(idsOf(run(blocks, plan, () => replaceAll(blocks)).text)).toEqual(searchByHand(blocks.known, plan));
    }
  });

  test.each(ORDERS)("page by page, by $sort $order, gives each record once, and the position of the last", async (order) => {
    await using blocks = await openBlocks(SEED);
    for (let commit = 0; commit < 30; commit += 1) blocks.append(17);
    const ids: number[] = [];
    for (let after: SearchPlan["after"]; ; ) {
      const { text, rows, last } = run(blocks, { ...order, limit: 23, ...(after && { after }) });
      ids.push(...idsOf(text));
      if (rows < 23) break;
      expect(last?.id).toBe(ids.at(-1) as number);
      after = last;
      if (blocks.blocks() > 5) blocks.merge(1, 3);
    }
    expect(ids).toEqual(searchByHand(blocks.known, { ...ALL, ...order }));
  });

  test.each(["asc", "desc"] as const)("gives up once it took too long, and another goes on where it was: %s", async (order) => {
    await using blocks = await openBlocks(SEED);
    for (let commit = 0; commit < 20; commit += 1) blocks.append(3);
    const plan: SearchPlan = { ...ALL, order, filter: { ...NO_FILTER, severityMask: 1 << 4 }, limit: 25 };
    const ids: number[] = [];
    const places: number[] = [];
    for (let { after } = plan; ; ) {
      const limit = plan.limit - ids.length;
      const chunks = [...search(blocks.database, { ...plan, limit, patienceMs: -1, ...(after && { after }) }, noDamage)];
      const end = chunks.at(-1);
      for (const chunk of chunks) if (chunk !== undefined) ids.push(...idsOf(Buffer.from(chunk.bytes).toString()));
      if (end?.unfinished !== true) break;
      after = end.last;
      places.push(after?.id ?? Number.NaN);
    }
    expect(ids).toEqual(searchByHand(blocks.known, plan));
    // It gave up at one place after another.
    expect(places.length).toBeGreaterThan(5);
    expect(places).toEqual([...new Set(places)].sort((a, b) => (order === "asc" ? a - b : b - a)));
  });

  test("gives the same however many others are under way", async () => {
    await using blocks = await openBlocks(SEED);
    for (let i = 0; i < 12; i += 1) blocks.appendOne([-1, 0, 3, 2, `s${i}`, `${i} `.repeat(40_000), ""]);
    const alone = run(blocks, { order: "asc" }).text;
    const running = Array.from({ length: 3 }, () => search(blocks.database, { ...ALL, order: "asc" }, noDamage));
    const texts = running.map(() => "");
    for (let open = running.length; open > 0; ) {
      // Each begins when the one before it has given a piece.
      for (const [at, pieces] of running.entries()) {
        if (at > 0 && texts[at - 1] === "") continue;
        const { value } = pieces.next();
        if (value !== undefined) texts[at] += Buffer.from(value.bytes).toString();
        if (value?.done) open -= 1;
      }
    }
    expect(texts.map((text) => text === alone)).toEqual([true, true, true]);
  });

  test("gives every field as it was sent, in each format", async () => {
    await using blocks = await openBlocks(SEED);
    blocks.appendOne([-1, 999_999, 9, 4, "über", 'a "b"\n\u0000', '{"a":[1,{"b":"é"}]}']);
    blocks.appendOne([1_764_000_000_000, 0, 0, 0, "web", "=1+1", ""]);
    const expected = [
      {
        id: 1,
        timestamp: "1969-12-31T23:59:59.999999999Z",
        received_at: "2025-11-24T16:00:00.000Z",
        service: "über",
        severity: "ERROR",
        message: 'a "b"\n\u0000',
        attributes: { a: [1, { b: "é" }] },
      },
      {
        id: 2,
        timestamp: "2025-11-24T16:00:00Z",
        received_at: "2025-11-24T16:00:00.000Z",
        service: "web",
        severity: "TRACE",
        message: "=1+1",
      },
    ];
    expect(JSON.parse(run(blocks, { order: "asc", format: "json" }).text)).toEqual(expected);
    const lines = run(blocks, { order: "asc" }).text.split("\n");
    expect([lines.length, lines.at(-1)]).toEqual([3, ""]);
    expect(lines.slice(0, 2).map((line) => JSON.parse(line))).toEqual(expected);
    expect(run(blocks, { order: "asc", format: "csv" }).text).toBe(
      [
        "id,timestamp,received_at,service,severity,message,attributes",
        '1,1969-12-31T23:59:59.999999999Z,2025-11-24T16:00:00.000Z,über,ERROR,"a ""b""\n\u0000","{""a"":[1,{""b"":""é""}]}"',
        "2,2025-11-24T16:00:00Z,2025-11-24T16:00:00.000Z,web,TRACE,'=1+1,",
        "",
      ].join("\r\n"),
    );
  });

  test.each(RECORD_FORMATS)("that finds nothing, or may give nothing, is a whole answer in %s all the same", async (format) => {
    await using blocks = await openBlocks(SEED);
    const empty = { json: "[]\n", ndjson: "", csv: "id,timestamp,received_at,service,severity,message,attributes\r\n" }[format];
    expect(run(blocks, { format })).toEqual({ text: empty, rows: 0, last: undefined });
    blocks.append(5);
    expect(run(blocks, { format, filter: { ...NO_FILTER, query: textQuery("nowhere") } }).text).toBe(empty);
    expect(run(blocks, { format, offset: 5 }).text).toBe(empty);
    expect(run(blocks, { format, filter: { ...NO_FILTER, severityMask: 0 } }).text).toBe(empty);
  });

  test.each(["UPDATE block_part SET data = x'07'", "DELETE FROM block_part", "UPDATE block SET bytes = bytes + 1"])(
    "leaves out what is damaged, and tells of it, after: %s",
    async (damage) => {
      await using blocks = await openBlocks(SEED);
      for (const rows of [5, 700, 5]) blocks.append(rows);
      blocks.merge(1, 1);
      const [, second] = listAll(blocks.database);
      const isIn = damage.includes("block_part") ? `key >> 14 = ${second?.id}` : `id = ${second?.id}`;
      blocks.database.run(`${damage} WHERE ${isIn}`);
      const left = blocks.known.filter(({ id }) => id <= 5 || id > 705);
      for (const order of ORDERS) {
        const noted = new Map<number, unknown>();
        const { text } = run(
          blocks,
          order,
          () => {},
          (block) => noted.set(block.id, block),
        );
        expect(idsOf(text).toSorted((a, b) => a - b)).toEqual(left.map(({ id }) => id));
        expect([...noted.values()]).toEqual([{ id: second?.id, firstId: 6, lastId: 705, reason: expect.any(String) }]);
      }
      const noted = new Set<number>();
      const filter = { ...NO_FILTER, query: textQuery("e") };
      const counting = countStepwise(blocks.database, filter, (block) => noted.add(block.id));
      let counted = counting.next();
      while (!counted.done) counted = counting.next();
      expect(counted.value).toBe(countByHand(left, filter));
      expect([...noted]).toEqual([second?.id as number]);
    },
  );

  test("fails where the disk does not answer, and takes no block for damaged", async () => {
    await using blocks = await openBlocks(SEED);
    blocks.append(5);
    blocks.database.run("ALTER TABLE block_part RENAME TO elsewhere");
    for (const order of ORDERS) expect(() => run(blocks, order)).toThrow("no such table");
  });
});
