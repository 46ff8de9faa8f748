import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../src/query/filter.ts";
import type { RecordFormat } from "../../../src/schema/filter.ts";
import { SEVERITIES } from "../../../src/schema/severity.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import type { SearchPlan } from "../../../src/store/search-plan.ts";
import { BASE_MS, type KnownRecord, randomRecord } from "../../support/random-records.ts";
import { answerOf, appendAll, EVERYTHING, idsOf, openTestStore, type TestStore, upTo } from "../../support/store.ts";
import { textQuery } from "../../support/text-query.ts";

const HEADER = "id,timestamp,received_at,service,severity,message,attributes\r\n";
const PIECE_BYTES = 256 * 1024;

async function fill(store: TestStore, records: number): Promise<void> {
  const random = createRandom(11);
  for (let left = records; left > 0; left -= 3000) {
    await store.append(Array.from({ length: Math.min(left, 3000) }, () => randomRecord(random)));
  }
}

/** A record as an answer in JSON must have it; attributes as they were sent, to the letter. */
function jsonOf({ id, ms, nanos, receivedMs, service, severity, message, attributes }: KnownRecord, digits: number): string {
  const time =
    digits === 3 ? new Date(ms).toISOString() : new Date(ms).toISOString().replace("Z", `${`${nanos}`.padStart(6, "0")}Z`);
  const fields = {
    id,
    timestamp: time,
    received_at: new Date(receivedMs).toISOString(),
    service,
    severity: SEVERITIES[severity],
    message,
  };
  return `${JSON.stringify(fields).slice(0, -1)}${attributes === "" ? "" : `,"attributes":${attributes}`}}`;
}

/** The cells of a CSV text, read by the letter of RFC 4180. */
function cellsOf(csv: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\r\n") lines.push([]);
  }
  lines.pop();
  return lines;
}

describe("an answer in many pieces", () => {
  test("joins to what each format promises", async () => {
    await using store = await openTestStore();
    await fill(store, 9000);
    const expected = store.known.map((record) => jsonOf(record, record.nanos === 0 ? 3 : 9)).slice(0, 8500);
    // Times of receipt have three digits, times that were sent have nine.
    const times = (text: string) => text.replaceAll('000000Z"', 'Z"');
    const answers = new Map<RecordFormat, Awaited<ReturnType<typeof answerOf>>>();
    for (const format of ["json", "ndjson", "csv"] as const) {
      const answer = await answerOf(store.store, { format, limit: 8500 });
      expect([answer.rows, answer.last?.id]).toEqual([8500, 8500]);
      expect(answer.pieces).toBeGreaterThan(2);
      answers.set(format, answer);
    }
    const [json = "", ndjson = "", csv = ""] = ["json", "ndjson", "csv"].map(
      (format) => answers.get(format as RecordFormat)?.text,
    );
    expect(times(ndjson) === times(`${expected.join("\n")}\n`)).toBe(true);
    expect(json === `[${ndjson.trimEnd().replaceAll("\n", ",\n")}]\n`).toBe(true);
    expect(JSON.parse(json)).toHaveLength(8500);

    expect(csv.startsWith(HEADER) && csv.endsWith("\r\n")).toBe(true);
    const [, ...lines] = cellsOf(csv);
    expect(lines).toHaveLength(8500);
    // A cell that looks like a formula has an apostrophe before it.
    const plain = (cell: string | undefined) => cell?.replace(/^'/, "");
    for (const [i, cells] of lines.entries()) {
      const { id, service, severity, message, attributes } = store.known[i] as KnownRecord;
      const [csvId, , , csvService, csvSeverity, csvMessage, csvAttributes] = cells;
      const found = [csvId, csvService, csvSeverity, plain(csvMessage), csvAttributes];
      expect(found).toEqual([String(id), service, SEVERITIES[severity] as string, plain(message), attributes]);
    }
  }, 20_000);

  test("has each piece end with a record, and says which", async () => {
    await using store = await openTestStore();
    await fill(store, 6000);
    let rows = 0;
    for await (const piece of store.store.search(EVERYTHING)) {
      rows += piece.rows;
      expect(piece.bytes.length).toBeLessThan(6 * PIECE_BYTES);
      expect(piece.last?.id).toBe(rows);
    }
    expect(rows).toBe(6000);
  });

  test("is of the framing alone where nothing is found", async () => {
    await using store = await openTestStore();
    const empty = { json: "[]\n", ndjson: "", csv: HEADER };
    const framingOf = async (plan: Partial<SearchPlan>) => ({
      json: (await answerOf(store.store, { ...plan, format: "json" })).text,
      ndjson: (await answerOf(store.store, { ...plan, format: "ndjson" })).text,
      csv: (await answerOf(store.store, { ...plan, format: "csv" })).text,
    });
    expect(await framingOf({})).toEqual(empty);
    await fill(store, 100);
    expect(await framingOf({ filter: { ...NO_FILTER, query: textQuery("nowhere") } })).toEqual(empty);
    expect(await framingOf({ offset: 100 })).toEqual(empty);
    expect(await framingOf({ sort: "timestamp", after: { id: 0, ms: Number.MAX_SAFE_INTEGER, nanos: 0 } })).toEqual(empty);
    expect((await answerOf(store.store, { limit: 1, format: "json" })).text).toMatch(/^\[\{"id":1,[^\n]*\}\]\n$/);
  });

  test("carries one record larger than a piece", async () => {
    await using store = await openTestStore();
    const message = `${"东京 😀 é ".repeat(PIECE_BYTES / 4)}end`;
    const record = { ms: BASE_MS, nanos: 0, severity: 2, service: "web", message, attributes: "", values: [] };
    await store.append([record, { ...record, message: "small" }]);
    const found = JSON.parse((await answerOf(store.store, { format: "json" })).text);
    expect(found.map((item: { message: string }) => item.message === message || item.message)).toEqual([true, "small"]);
    expect(await idsOf(store.store, { filter: { ...NO_FILTER, query: textQuery("é end") } })).toEqual([1]);
  });
});

describe("a search that is left early", () => {
  test("stops, and the next ones find what there is", async () => {
    await using store = await openTestStore();
    await fill(store, 9000);
    for (const sort of ["received_at", "timestamp"] as const) {
      let pieces = 0;
      for await (const piece of store.store.search({ ...EVERYTHING, sort })) {
        expect(piece.rows).toBeGreaterThan(0);
        pieces += 1;
        break;
      }
      expect(pieces).toBe(1);
      expect(await idsOf(store.store)).toEqual(upTo(9000));
    }
  });

  test("does not pile up: after very many of them a count is as quick as before", async () => {
    await using store = await openTestStore();
    await fill(store, 9000);
    const absent = { ...NO_FILTER, query: textQuery("nowhere at all") };
    const timed = async () => {
      const startedAt = performance.now();
      expect(await store.store.count(absent)).toBe(0);
      return performance.now() - startedAt;
    };
    const beforeMs = await timed();
    for (let i = 0; i < 50; i += 1) for await (const _ of store.store.search(EVERYTHING)) break;
    // Never begun; left before the first piece, whether there is one or never will be; left while a later one is made.
    for (let i = 0; i < 20; i += 1) {
      await store.store.search(EVERYTHING).return(undefined);
      const early = store.store.search({ ...EVERYTHING, filter: i % 2 === 0 ? NO_FILTER : absent });
      const first = early.next();
      await early.return(undefined);
      expect((await first).done).toBe(true);
      const late = store.store.search({ ...EVERYTHING, sort: "timestamp" });
      await late.next();
      const second = late.next();
      await late.return(undefined);
      await second;
    }
    expect(await timed()).toBeLessThan(beforeMs * 3 + 500);
    expect(await idsOf(store.store, { order: "desc", limit: 3 })).toEqual([9000, 8999, 8998]);
    expect(store.failures).toEqual([]);
  }, 20_000);

  test("ends at once where the store is closed under it", async () => {
    await using store = await openTestStore();
    await fill(store, 6000);
    const left = store.store.search(EVERYTHING);
    await left.next();
    await store.reopen();
    const refused = await left.next().catch((error: Error) => error);
    expect(refused).toMatchObject({ code: "store_unavailable" });
    expect((await left.next()).done).toBe(true);
    await appendAll(store.store, [randomRecord(createRandom(1))]);
    expect(await store.store.count(NO_FILTER)).toBe(6001);
  });
});
