import { describe, expect, test } from "bun:test";
import { RECORD_FORMATS } from "../../../../../src/schema/filter.ts";
import { createRandom, type Random } from "../../../../../src/simulate/random.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { spreadSearch } from "../../../../../src/store/blocks/scan/spread-search.ts";
import type { RecordRange } from "../../../../../src/store/blocks/search/record-range.ts";
import { search } from "../../../../../src/store/blocks/search/search.ts";
import type { ScanPlan } from "../../../../../src/store/blocks/search/step.ts";
import { createAppender } from "../../../../../src/store/blocks/write/append.ts";
import { createRecordBatchBuilder } from "../../../../../src/store/record-batch.ts";
import type { SearchPiece } from "../../../../../src/store/search-plan.ts";
import { noDamage } from "../../../../support/no-damage.ts";
import { randomFilter } from "../../../../support/random-filters.ts";
import { appendTo, type KnownRecord, randomRecord } from "../../../../support/random-records.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";
import { textQuery } from "../../../../support/text-query.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const COMMITS = 60;
const ROWS = 7;
const BASE_MS = 1_764_000_000_000;

async function openRecords() {
  const folder = await makeTemporaryFolder();
  const database = openForWriting(folder.file("logs.db"));
  database.run("PRAGMA synchronous=OFF");
  const appender = createAppender(database);
  const random = createRandom(SEED);
  const known: KnownRecord[] = [];
  for (let commit = 0; commit < COMMITS; commit += 1) {
    const batch = createRecordBatchBuilder();
    for (let row = 0; row < ROWS; row += 1) {
      const record = randomRecord(random);
      appendTo(batch, record);
      const receivedMs = BASE_MS + commit;
      known.push({ ...record, ms: Number.isNaN(record.ms) ? receivedMs : record.ms, id: known.length + 1, receivedMs });
    }
    appender.append({ batch: batch.seal(), receipts: [], receivedAtMs: BASE_MS + commit });
  }
  return {
    database,
    known,
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Records = Awaited<ReturnType<typeof openRecords>>;

/** A search whose pieces are made when they are asked for, as those of a thread are; each of a few rows only. */
async function* searchLater({ database }: Records, plan: ScanPlan): AsyncGenerator<SearchPiece> {
  let { after } = plan;
  let remaining = plan.limit;
  for (;;) {
    const few = Math.min(remaining, 5);
    const bytes: Uint8Array[] = [];
    let rows = 0;
    let unfinished = false;
    for (const chunk of search(database, { ...plan, limit: few, ...(after && { after }) }, noDamage)) {
      if (chunk === undefined) continue;
      bytes.push(chunk.bytes);
      rows += chunk.rows;
      after = chunk.last ?? after;
      unfinished = chunk.unfinished === true;
      await Bun.sleep(0);
    }
    if (unfinished) return yield { bytes: Buffer.concat(bytes), rows, last: after, done: true, unfinished };
    remaining -= rows;
    const done = rows < few || remaining === 0;
    if (rows > 0 || done) yield { bytes: Buffer.concat(bytes), rows, last: after, done };
    if (done) return;
  }
}

function randomRanges(random: Random): RecordRange[] {
  const ranges: RecordRange[] = [];
  for (let fromId = 1; fromId <= COMMITS * ROWS; ) {
    const toId = Math.min(COMMITS * ROWS, fromId + random.between(0, 200));
    ranges.push({ fromId, toId });
    fromId = toId + 1;
  }
  return ranges;
}

/** What of the ranges lies within one. */
function cut(ranges: readonly RecordRange[], within: RecordRange): RecordRange[] {
  return ranges
    .map(({ fromId, toId }) => ({ fromId: Math.max(fromId, within.fromId), toId: Math.min(toId, within.toId) }))
    .filter(({ fromId, toId }) => fromId <= toId);
}

async function read(pieces: AsyncGenerator<SearchPiece>) {
  let text = "";
  let rows = 0;
  let last: SearchPiece["last"];
  for await (const piece of pieces) {
    text += Buffer.from(piece.bytes).toString();
    rows += piece.rows;
    last = piece.last ?? last;
  }
  return { text, rows, last };
}

/** The first search of all, where it finds nothing and is given up. */
async function* giveUp(): AsyncGenerator<SearchPiece> {
  yield { bytes: new Uint8Array(), rows: 0, last: undefined, done: true, unfinished: true };
}

describe("a search by ranges", () => {
  test("gives what one search gives, letter by letter, whatever the ranges and however much is wanted", async () => {
    await using records = await openRecords();
    const random = createRandom(SEED + 1);
    let found = 0;
    for (let i = 0; i < 200; i += 1) {
      const plan: ScanPlan = {
        filter: {
          ...randomFilter(random, records.known),
          query: textQuery(random.pick(["time", "a", "gateway", "out", "nowhere"])),
        },
        sort: "received_at",
        order: random.pick(["asc", "desc"]),
        offset: 0,
        limit: random.pick([1, 3, 10, 50, Number.POSITIVE_INFINITY]),
        format: random.pick(RECORD_FORMATS),
        ...(random.next() < 0.3 && { after: { id: random.between(1, COMMITS * ROWS), ms: 0, nanos: 0 } }),
      };
      let text = "";
      let rows = 0;
      for (const chunk of search(records.database, plan, noDamage)) {
        if (chunk !== undefined) text += Buffer.from(chunk.bytes).toString();
        rows += chunk?.rows ?? 0;
      }
      const ranges = randomRanges(random);
      const answer = await read(
        spreadSearch({
          plan,
          threads: random.between(1, 3),
          aloneMs: random.pick([-1, 0.2, 1000]),
          listRanges: async (within) => cut(ranges, within),
          searchRange: (part) => searchLater(records, part),
        }),
      );
      expect({ seed: SEED, i, ranges, plan, text: answer.text }).toEqual({ seed: SEED, i, ranges, plan, text });
      expect(answer.rows).toBe(rows);
      if (rows > 0 && plan.format === "ndjson") {
        const { id } = JSON.parse(text.trim().split("\n").at(-1) as string) as { id: number };
        const last = answer.last?.id ?? Number.NaN;
        // A search that was given up says how far it has looked: behind the last record there is none that was not given.
        const lookedFurther = plan.order === "asc" ? last - id : id - last;
        expect({ seed: SEED, i, lookedFurther }).toEqual({ seed: SEED, i, lookedFurther: Math.max(0, lookedFurther) });
        if (rows === plan.limit) expect({ seed: SEED, i, last }).toEqual({ seed: SEED, i, last: id });
      }
      found += rows;
    }
    expect(found).toBeGreaterThan(1000);
  }, 30_000);

  test("ends the searches of all its ranges when its reader leaves, and begins none any more", async () => {
    const ranges = Array.from({ length: 9 }, (_, i) => ({ fromId: i, toId: i }));
    const begun: number[] = [];
    const ended: number[] = [];
    const plan = { filter: {}, order: "asc", limit: 100, format: "ndjson" } as ScanPlan;
    const answer = spreadSearch({
      plan,
      threads: 2,
      listRanges: async () => ranges,
      searchRange: ({ part, patienceMs }) => {
        if (patienceMs !== undefined) return giveUp();
        const at = part?.fromId ?? -1;
        begun.push(at);
        const { promise, resolve } = Promise.withResolvers<IteratorResult<SearchPiece, void>>();
        const next =
          at === 0 ? Promise.resolve({ value: { bytes: new Uint8Array([65]), rows: 1, last: undefined, done: false } }) : promise;
        const pieces = {
          next: () => (ended.includes(at) ? Promise.resolve({ done: true, value: undefined }) : next),
          async return() {
            ended.push(at);
            resolve({ done: true, value: undefined });
            return { done: true, value: undefined };
          },
        };
        return pieces as unknown as AsyncGenerator<SearchPiece>;
      },
    });
    expect((await answer.next()).value?.rows).toBe(1);
    await answer.return(undefined);
    expect(await answer.next()).toEqual({ done: true, value: undefined });
    expect(begun).toEqual([0, 1, 2]);
    expect(new Set(ended)).toEqual(new Set(begun));
  });

  test("ends its first search when its reader leaves meanwhile, and looks for no ranges, though that was given up just then", async () => {
    const { promise: given, resolve: give } = Promise.withResolvers<void>();
    let hasEnded = false;
    let hasLooked = false;
    const answer = spreadSearch({
      plan: { filter: {}, order: "asc", limit: 100, format: "ndjson" } as ScanPlan,
      threads: 2,
      async listRanges() {
        hasLooked = true;
        return [];
      },
      searchRange() {
        const pieces = giveUp();
        const next = pieces.next.bind(pieces);
        pieces.next = () => given.then(() => next());
        pieces.return = async () => {
          hasEnded = true;
          give();
          return { done: true, value: undefined };
        };
        return pieces;
      },
    });
    const next = answer.next();
    await Bun.sleep(0);
    void answer.return(undefined);
    await next;
    expect([hasEnded, hasLooked]).toEqual([true, false]);
  });

  test("asks for no ranges where the first search comes to its end in time, and goes on behind it where not", async () => {
    const limits: number[] = [];
    const answerOf = (limit: number, unfinished: boolean) =>
      spreadSearch({
        plan: { filter: {}, order: "desc", limit, format: "ndjson" } as ScanPlan,
        threads: 2,
        aloneMs: 7,
        listRanges: async (within) => [within],
        async *searchRange({ patienceMs, limit, part }) {
          limits.push(limit);
          if (patienceMs === 7)
            yield { bytes: new Uint8Array([65]), rows: 2, last: { id: 5, ms: 0, nanos: 0 }, done: true, unfinished };
          else yield { bytes: new TextEncoder().encode(`up to ${part?.toId}`), rows: 1, last: undefined, done: true };
        },
      });
    expect((await read(answerOf(10, false))).text).toBe("A\n");
    expect((await read(answerOf(3, true))).text).toBe("A\nup to 4\n");
    expect(limits).toEqual([10, 3, 3]);
  });

  test("goes on with the next range where the one before it has lost records when it is asked again", async () => {
    const asked: number[] = [];
    const answer = spreadSearch({
      plan: { filter: {}, order: "asc", limit: 4, format: "ndjson" } as ScanPlan,
      threads: 1,
      listRanges: async () => [1, 2, 3, 4].map((id) => ({ fromId: id, toId: id })),
      async *searchRange({ part, patienceMs }) {
        if (patienceMs !== undefined) return yield* giveUp();
        const id = part?.fromId ?? 0;
        asked.push(id);
        // More than is wanted at first.
        const rows = asked.length === 1 ? 9 : 1;
        yield { bytes: new TextEncoder().encode(String(id)), rows, last: undefined, done: true };
      },
    });
    expect((await read(answer)).text).toBe("1\n2\n3\n4\n");
    expect(asked.filter((id) => id === 1)).toEqual([1, 1]);
  });

  test.each([
    ["asc", { fromId: 6, toId: Number.POSITIVE_INFINITY }],
    ["desc", { fromId: 0, toId: 4 }],
  ] as const)("looks for ranges behind the place where it goes on: %s", async (order, expected) => {
    const looked: RecordRange[] = [];
    const answer = spreadSearch({
      plan: { filter: {}, order, limit: 100, format: "ndjson", after: { id: 5, ms: 0, nanos: 0 } } as ScanPlan,
      threads: 2,
      async listRanges(within) {
        looked.push(within);
        return [];
      },
      searchRange: giveUp,
    });
    await read(answer);
    expect(looked).toEqual([expected]);
  });

  test("tells of what went wrong in a range when it comes to it", async () => {
    const reason = new Error("disk I/O error");
    const answer = spreadSearch({
      plan: { filter: {}, order: "asc", limit: 100, format: "ndjson" } as ScanPlan,
      threads: 2,
      listRanges: async () => [1, 2].map((id) => ({ fromId: id, toId: id })),
      async *searchRange({ part, patienceMs }) {
        if (patienceMs !== undefined) return yield* giveUp();
        if (part?.fromId === 2) throw reason;
        yield { bytes: new Uint8Array([65]), rows: 1, last: undefined, done: true };
      },
    });
    expect((await answer.next()).value?.rows).toBe(1);
    expect(await answer.next().catch((error: Error) => error)).toBe(reason);
  });
});
