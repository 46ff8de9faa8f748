import { afterAll, describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../../../src/query/filter.ts";
import { parseQuery } from "../../../../../src/query/parse-query.ts";
import { createRandom, type Random } from "../../../../../src/simulate/random.ts";
import type { BlockMeta } from "../../../../../src/store/blocks/block/block.ts";
import { insertBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { COLUMN_PARTS, type ColumnPart } from "../../../../../src/store/blocks/block/block-reader.ts";
import { encodeDenseBlock } from "../../../../../src/store/blocks/block/dense-block.ts";
import { openDenseBlock } from "../../../../../src/store/blocks/block/dense-block-reader.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { compileFilter, matchPage } from "../../../../../src/store/blocks/match/match.ts";
import { blockRowsOf, type Row, row } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const ROWS = 9500;

const folder = await makeTemporaryFolder();
const database = openForWriting(folder.file("logs.db"));
afterAll(async () => {
  database.close();
  await folder[Symbol.asyncDispose]();
});

const hex = (random: Random, digits: number) => Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join("");

/** Three pages of records: of requests whose users and paths follow from their identifiers, and of texts that are alike in nothing. */
function makeRows(random: Random): Row[] {
  const requests = Array.from({ length: 1500 }, () => ({
    id: hex(random, 32),
    user: random.between(1, 10 ** 6),
    path: hex(random, 12),
  }));
  let ms = 1_764_000_000_000;
  return Array.from({ length: ROWS }, (_, at) => {
    ms += random.pick([0, 1, 3, 400]);
    const service = random.pick(["web", "pay"]);
    const times = {
      nanos: at % 5 === 0 ? 0 : random.between(1, 999_999),
      digits: random.pick([3, 6, 9]),
      ms: ms - (random.next() < 0.1 ? random.between(1, 900) : 0),
      service,
      severity: random.between(0, 5),
    };
    if (random.next() < 0.1 || at % 2500 === 7) {
      const letters = Array.from({ length: 12 }, () =>
        String.fromCharCode(97 + random.between(0, 25)).repeat(random.between(1, 3)),
      );
      return row({
        ...times,
        message: `${letters.join(" ")} ${at % 2500 === 7 ? "Zirconium" : ""}`,
        attributes: at % 3 === 0 ? `{"${hex(random, 9)}":"${hex(random, 5)}"}` : "",
      });
    }
    const { id, user, path } = requests[
      Math.min(requests.length - 1, Math.floor(at / 7) + random.between(0, 30))
    ] as (typeof requests)[0];
    const message = random.pick([`request ${id} took ${at} ms`, `user ${at * 7} of ${hex(random, 16)} left`, "started"]);
    const attributes = JSON.stringify({ request_id: id, ...(random.next() < 0.7 && { user, path }), at });
    return row({ ...times, message, attributes: random.next() < 0.9 ? attributes : "" });
  });
}

function store(rows: Row[], id: number): BlockMeta {
  insertBlock(database, id, encodeDenseBlock(blockRowsOf(rows, { firstId: id * 1_000_000, receivedMs })));
  return listBlocks(database, { id })[0] as BlockMeta;
}

const rows = makeRows(createRandom(SEED));
const receivedMs = rows.map(({ ms }) => ms + 12_345);
const meta = store(rows, 1);

/** What a reader gives of some rows of a page. */
function readRows(block: ReturnType<typeof openDenseBlock>, page: number, wanted: number[]) {
  const columns = COLUMN_PARTS.map((name) => [name, block.columnOfRows(name, page, wanted)] as const);
  const { timestamp, nanos, digits, received, severity, service } = Object.fromEntries(columns) as Record<
    ColumnPart,
    Float64Array
  >;
  const [messages, attributes] = (["messages", "attributes"] as const).map((texts) => block.texts(texts, page, wanted));
  return wanted.map((_, i) => ({
    ms: timestamp[i],
    nanos: nanos[i],
    digits: digits[i],
    received: received[i],
    severity: severity[i],
    service: meta.services[service[i] as number],
    message: messages?.[i],
    attributes: attributes?.[i],
  }));
}

const expectedOf = (wanted: number[]) =>
  wanted.map((at) => {
    const { ms, nanos, digits, severity, service, message, attributes } = rows[at] as Row;
    return { ms, nanos, digits, received: receivedMs[at], severity, service, message, attributes };
  });

function pickRows(random: Random, block: ReturnType<typeof openDenseBlock>, page: number, count: number): number[] {
  const { from, to } = block.pageRange(page);
  return Array.from({ length: count }, () => random.between(from, to - 1));
}

describe("a few rows of a dense block", () => {
  test("are what they are among all others, whether the reader has read anything before or not", () => {
    const random = createRandom(SEED + 1);
    const reused = openDenseBlock(database, meta);
    for (let n = 0; n < 150; n += 1) {
      const block = random.next() < 0.4 ? openDenseBlock(database, meta) : reused;
      const page = random.between(0, block.pages() - 1);
      const wanted = pickRows(random, block, page, random.pick([1, 1, 1, 2, 5, 40, 300]));
      const read = readRows(block, page, wanted);
      if (!Bun.deepEquals(read, expectedOf(wanted))) expect([SEED, page, read]).toEqual([SEED, page, expectedOf(wanted)]);
    }
  });

  test("are found on the pages where they are, newest page first", () => {
    for (const text of ["zirconium", "/b c/", "started", "absent OR zirconium", "/zirc.+m/i"]) {
      const matcher = compileFilter({ ...NO_FILTER, query: parseQuery(text) });
      const block = openDenseBlock(database, meta);
      const found: number[] = [];
      for (let page = block.pages() - 1; page >= 0; page -= 1) {
        const { from } = block.pageRange(page);
        for (const [at, hit] of matchPage(matcher, block, page)?.entries() ?? []) if (hit === 1) found.push(from + at);
      }
      const isWanted = ({ message }: Row) =>
        text === "started" ? message === text : text === "/b c/" ? message.includes("b c") : message.includes("Zirconium");
      expect(found.sort((a, b) => a - b)).toEqual([...rows.keys()].filter((at) => isWanted(rows[at] as Row)));
    }
  });
});
