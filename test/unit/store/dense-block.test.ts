import { afterAll, describe, expect, test } from "bun:test";
import { SEVERITIES } from "../../../src/schema/severity.ts";
import { formatTimestamp } from "../../../src/schema/timestamp.ts";
import { createRandom, type Random } from "../../../src/simulate/random.ts";
import { readAttribute, readAttributeColumn } from "../../../src/store/attribute-column.ts";
import type { BlockReader } from "../../../src/store/block-reader.ts";
import { insertBlock, listBlocks, openForWriting } from "../../../src/store/database.ts";
import { encodeDenseBlock } from "../../../src/store/dense-block.ts";
import { mayHoldWords } from "../../../src/store/dense-search.ts";
import { markQuery } from "../../../src/store/mark-query.ts";
import { findText } from "../../../src/store/mark-text.ts";
import { openBlock } from "../../../src/store/open-block.ts";
import { queryHashes } from "../../../src/store/query-hashes.ts";
import type { QueryNode } from "../../../src/store/query-node.ts";
import { writeRows } from "../../../src/store/record-text.ts";
import { createTextBuffer, takeBytes } from "../../../src/store/text-buffer.ts";
import { compileTerm, occursInAttributes, occursInMessage } from "../../../src/store/text-match.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";
import { blockRowsOf, type Row, row, rowsOf } from "./rows.ts";

const folder = await makeTemporaryFolder();
const database = openForWriting(folder.file("logs.db"));
database.run("PRAGMA synchronous=OFF");
let nextId = 1;

afterAll(async () => {
  database.close();
  await folder[Symbol.asyncDispose]();
});

function store(rows: Row[], receivedMs?: number[]): BlockReader {
  const firstId = nextId * 1_000_000;
  insertBlock(database, nextId, encodeDenseBlock(blockRowsOf(rows, { firstId, ...(receivedMs && { receivedMs }) })));
  const [meta] = listBlocks(database, "id = ?", [nextId], "first_id");
  nextId += 1;
  if (meta === undefined) throw new Error("the block is not listed");
  return openBlock(database, meta);
}

const hex = (random: Random, digits: number) => Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join("");
const uuid = (random: Random) => [8, 4, 4, 4, 12].map((digits) => hex(random, digits)).join("-");

/** What may stand in a text, from what a template takes apart to what it must leave alone. */
const PARTS: ((random: Random) => string)[] = [
  (random) => String(random.between(0, 99)),
  (random) => String(random.between(0, 2 ** 40)),
  (random) => String(random.between(0, 60)).padStart(2, "0"),
  (random) => "0".repeat(random.between(1, 4)) + random.between(1, 9999),
  (random) => hex(random, 8),
  (random) => hex(random, random.pick([16, 32, 9, 7, 64, 66])),
  uuid,
  (random) => uuid(random).toUpperCase(),
  (random) => random.pick(["alice", "Bob", "deadbeef", "facade", "björn", "東京", "x—y", "_id", "İstanbul", "ΣΊΣΥΦΟΣ"]),
  (random) => `${random.pick(["web", "db", "v", "É"])}${random.between(1, 12)}`,
  (random) => `a1b2c3d4e5${hex(random, 6)}z`,
  (random) => random.pick(["timeout", "reset by peer", "10.0.0.1", "\n\tat x.y(z.ts:12)", "😀", '"quoted"', "C:\\temp", "end."]),
  (random) => "9".repeat(random.between(14, 20)),
];
const GLUE = [" ", " ", "=", "-", "_", "/", ", ", ": ", "", "\n", "—", "(", "."];

/** A line of code that logs: the same parts and glue each time. */
function makeLine(random: Random): (random: Random) => string {
  const parts = Array.from({ length: random.between(1, 7) }, () => ({
    glue: random.pick(GLUE),
    fixed: random.next() < 0.4 ? random.pick(PARTS)(random) : undefined,
    part: random.pick(PARTS),
  }));
  return (again) => parts.map(({ glue, fixed, part }) => glue + (fixed ?? part(again))).join("") || "x";
}

function makeAttributes(random: Random): (random: Random) => string {
  const keys = Array.from({ length: random.between(0, 4) }, (_, i) => `${random.pick(["user_id", "a", "東", 'q"', "_"])}${i}`);
  const makers = keys.map(() => random.pick(PARTS));
  return (again) => {
    if (keys.length === 0) return "";
    const pairs = keys.map((key, i) => {
      const text = (makers[i] as (typeof makers)[number])(again);
      const value = again.pick([
        text,
        text,
        text,
        Number(text.slice(0, 9)) || 0,
        -1.5,
        true,
        null,
        [text, 1],
        { n: text, m: {} },
        [],
      ]);
      return [key, value] as const;
    });
    return JSON.stringify(Object.fromEntries(pairs));
  };
}

function makeRows(seed: number, count: number): Row[] {
  const random = createRandom(seed);
  const lines = Array.from({ length: 12 }, () => makeLine(random));
  const objects = Array.from({ length: 5 }, () => makeAttributes(random));
  return Array.from({ length: count }, (_, i) => {
    const line = random.between(0, lines.length - 1);
    return row({
      ms: 1_764_000_000_000 + i * 3 - (random.next() < 0.1 ? random.between(0, 100_000) : 0),
      nanos: random.next() < 0.5 ? random.between(0, 999_999) : 0,
      severity: line % 6,
      service: random.pick(["web", "payments", `s${line}`]),
      message: (lines[line] as (typeof lines)[number])(random),
      attributes: random.pick(objects)(random),
    });
  });
}

/** Something that occurs, or nearly: a stretch of a text, perhaps with a letter changed. */
function makeTerm(random: Random, rows: Row[]): string {
  const { message, attributes } = random.pick(rows);
  const text = random.next() < 0.7 ? message : attributes.replaceAll(/[{}:,"[\]]/g, " ");
  const words = text.split(/\s+/).filter((word) => word !== "");
  const start = random.between(0, Math.max(0, words.length - 1));
  const phrase = words.slice(start, start + random.between(1, 3)).join(" ") || "x";
  const [from, to] = [random.between(0, 3), random.between(0, 3)];
  const cut = random.next() < 0.5 ? phrase : phrase.slice(from, Math.max(from + 1, phrase.length - to)) || "x";
  return random.next() < 0.2 ? cut.replace(/[a-z0-9]/i, random.pick(["0", "a", "x", "7"])) : cut;
}

function denseOf({ dense }: BlockReader): NonNullable<typeof dense> {
  if (dense === undefined) throw new Error("the block is not dense");
  return dense;
}

/** Compares an attribute with what is read from the texts; says how many rows have it. */
function compareAttribute(block: BlockReader, path: string): number {
  let found = 0;
  for (let page = 0; page < block.pages(); page += 1) {
    const given = readAttribute(block, page, path);
    const expected = readAttributeColumn(block.attributes(page), path);
    const valuesOf = ({ values, indexes }: typeof given) => Array.from(indexes, (index) => values[index - 1]);
    if (!Bun.deepEquals(valuesOf(given), valuesOf(expected)))
      expect([SEED, path, valuesOf(given)]).toEqual([SEED, path, valuesOf(expected)]);
    found += expected.indexes.filter((index) => index > 0).length;
  }
  return found;
}

const SEED = Math.floor(Math.random() * 2 ** 31);

describe("a dense block", () => {
  test("gives back every record letter by letter, whatever its texts are made of", () => {
    for (let i = 0; i < 30; i += 1) {
      const rows = makeRows(SEED + i, 400);
      const block = store(rows);
      const read = rowsOf(block);
      if (!Bun.deepEquals(read, rows)) expect([SEED + i, read]).toEqual([SEED + i, rows]);
    }
  });

  test("writes every record as JSON, in whatever order rows are asked for", () => {
    for (let i = 0; i < 30; i += 1) {
      const rows = makeRows(SEED + i, 400);
      const block = store(rows);
      const random = createRandom(SEED + i);
      const wanted = [...rows.keys()].filter(() => random.next() < random.pick([0.02, 0.5, 1]));
      if (random.next() < 0.5) wanted.reverse();
      const buffer = createTextBuffer();
      writeRows(block, 0, wanted, "ndjson", buffer);
      const lines = wanted.map((at) => {
        const { ms, nanos, digits, service, severity, message, attributes } = rows[at] as Row;
        const times = `"timestamp":"${formatTimestamp(ms, nanos, digits)}","received_at":"${new Date(1_764_000_000_500).toISOString()}"`;
        const source = `"service":${JSON.stringify(service)},"severity":"${SEVERITIES[severity]}"`;
        const rest = `"message":${JSON.stringify(message)}${attributes === "" ? "" : `,"attributes":${attributes}`}`;
        return `{"id":${block.meta.firstId + at},${times},${source},${rest}}`;
      });
      const text = Buffer.from(takeBytes(buffer)).toString();
      if (text !== lines.join("\n")) expect([SEED + i, text.split("\n")]).toEqual([SEED + i, lines]);
    }
  });

  test("gives any stretch of its times, and counts them by interval, rising or not", () => {
    for (let i = 0; i < 12; i += 1) {
      const random = createRandom(SEED + i);
      let ms = 1_764_000_000_000 - random.between(0, 100_000);
      const steps = random.pick([[0, 1, 3, 7], [0, 1, 300, 7], [1], [0, -2000, 5], [86_400_000, -86_400_000, 1]]);
      const rows = Array.from({ length: 9000 }, () => {
        ms += random.pick(steps);
        return row({ ms: ms - (random.next() < 0.15 ? random.between(1, 1500) : 0) });
      });
      const block = store(rows);
      const times = rows.map((each) => each.ms);
      expect(Array.from(block.column("timestamp"))).toEqual(times);
      for (const page of [2, 0, 1]) {
        const { from, to } = block.pageRange(page);
        expect(Array.from(block.columnOfPage("timestamp", page))).toEqual(times.slice(from, to));
      }
      for (const width of [1, 1000, 60_000, 3_600_000]) {
        const expected = new Map<number, number>();
        for (const time of times) {
          const start = Math.floor(time / width) * width;
          expected.set(start, (expected.get(start) ?? 0) + 1);
        }
        if (!Bun.deepEquals(denseOf(block).countPer(width), expected)) throw new Error(`seed ${SEED + i}: by ${width} ms`);
      }
    }
  });

  test("keeps of values that follow from an identifier one for each, and gives all of them back", () => {
    const random = createRandom(SEED);
    const requests = Array.from({ length: 90 }, () => ({
      id: hex(random, 32),
      user: random.between(1, 10 ** 6),
      path: `/p/${hex(random, 20)}`,
    }));
    const rows = Array.from({ length: 3000 }, () => {
      const { id, user, path } = random.pick(requests);
      const attributes = { request_id: id, ...(random.next() < 0.7 && { user, path }), other: random.between(1, 10 ** 6) };
      return row({ attributes: JSON.stringify(attributes) });
    });
    const block = store(rows);
    expect(rowsOf(block)).toEqual(rows);
    // Of users and paths, of which there are about 2100 each, a few bytes for each request are left.
    const free = rows.map(({ attributes }) =>
      row({ attributes: attributes.replace(/"user":\d+/, () => `"user":${random.between(1, 10 ** 6)}`) }),
    );
    expect(store(free).meta.bytes - block.meta.bytes).toBeGreaterThan(3000);
    for (const path of ["user", "path", "request_id", "other", "none"]) compareAttribute(block, path);
    const user = compileTerm([String(requests[7]?.user)]);
    const hits = new Uint8Array(rows.length);
    findText({ type: "text", inAttributes: true, term: user }, denseOf(block), hits);
    expect([...hits]).toEqual(rows.map(({ attributes }) => (occursInAttributes(user, attributes) ? 1 : 0)));
  });

  test("gives an attribute's values as its texts do", () => {
    let found = 0;
    for (let i = 0; i < 20; i += 1) {
      const rows = makeRows(SEED + i, 400);
      const block = store(rows);
      const names = new Set(rows.flatMap(({ attributes }) => (attributes === "" ? [] : Object.keys(JSON.parse(attributes)))));
      for (const name of [...names, "none"])
        for (const path of [name, `${name}.n`, `${name}.m`]) found += compareAttribute(block, path);
    }
    expect(found).toBeGreaterThan(1000);
  });

  test("finds what a search of each text finds, also where it lies across values", () => {
    let found = 0;
    for (let i = 0; i < 30; i += 1) {
      const rows = makeRows(SEED + i, 400);
      const block = store(rows);
      const random = createRandom(SEED - i);
      for (let n = 0; n < 40; n += 1) {
        const text = makeTerm(random, rows);
        const term = compileTerm([text]);
        const expected = rows.map(({ message, attributes }) =>
          occursInMessage(term, message) || (attributes !== "" && occursInAttributes(term, attributes)) ? 1 : 0,
        );
        const hits = new Uint8Array(rows.length);
        findText({ type: "text", inAttributes: true, term: term }, denseOf(block), hits);
        const wrong = expected.findIndex((hit, at) => hit !== hits[at]);
        if (wrong >= 0) throw new Error(`seed ${SEED + i}: ${JSON.stringify({ text, row: rows[wrong], hit: hits[wrong] })}`);
        const held = mayHoldWords(term.hashes, denseOf(block));
        if (hits.includes(1) && !held) throw new Error(`seed ${SEED + i}: the filters do not let '${text}' through`);
        found += hits.reduce((sum, hit) => sum + hit, 0);
      }
    }
    expect(found).toBeGreaterThan(1000);
  }, 30_000);

  test("finds the messages that pass a test, by a text that they must have", () => {
    let found = 0;
    for (let i = 0; i < 20; i += 1) {
      const rows = makeRows(SEED + i, 400);
      const block = store(rows);
      const random = createRandom(SEED - i);
      for (let n = 0; n < 30; n += 1) {
        const { message } = random.pick(rows);
        const start = random.between(0, message.length - 1);
        const cut = message.slice(start, start + random.between(1, 9)).toWellFormed();
        const folded = random.next() < 0.5 && /^[\x20-\x7e]*$/.test(cut);
        const literal = folded ? cut.toLowerCase() : cut;
        const accepts = (text: string) => (folded ? text.toLowerCase() : text).includes(literal) && text.length % 3 > 0;
        const leaf: QueryNode = { type: "message", accepts, literal, folded, hashes: queryHashes([]) };
        const hits: number[] = [];
        for (let page = 0; page < block.pages(); page += 1) {
          const { from, to } = block.pageRange(page);
          const marked = new Uint8Array(to - from);
          markQuery(leaf, block, page, marked, new Uint8Array(to - from).fill(1));
          hits.push(...marked);
        }
        const wrong = rows.findIndex((row, at) => (accepts(row.message) ? 1 : 0) !== hits[at]);
        if (wrong >= 0)
          throw new Error(`seed ${SEED + i}: ${JSON.stringify({ literal, folded, row: rows[wrong], hit: hits[wrong] })}`);
        found += hits.filter((hit) => hit === 1).length;
      }
    }
    expect(found).toBeGreaterThan(1000);
  });
});
