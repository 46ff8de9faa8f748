import { afterAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { createTextBuffer, takeBytes } from "../../../../../src/memory/text-buffer.ts";
import { NO_FILTER } from "../../../../../src/query/filter.ts";
import { parseQuery } from "../../../../../src/query/parse-query.ts";
import { ANY_MANY, type Query } from "../../../../../src/query/query.ts";
import { readPattern } from "../../../../../src/query/regex-pattern.ts";
import { SEVERITIES } from "../../../../../src/schema/severity.ts";
import { formatTimestamp } from "../../../../../src/schema/timestamp.ts";
import { createRandom, type Random } from "../../../../../src/simulate/random.ts";
import { readAttribute, readAttributeColumn } from "../../../../../src/store/blocks/block/attribute-column.ts";
import { insertBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import type { BlockReader } from "../../../../../src/store/blocks/block/block-reader.ts";
import { DENSE_PART, encodeDenseBlock } from "../../../../../src/store/blocks/block/dense-block.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { compileQuery } from "../../../../../src/store/blocks/compile/compile-query.ts";
import { messageLeaf } from "../../../../../src/store/blocks/compile/message-leaf.ts";
import { queryHashes } from "../../../../../src/store/blocks/compile/query-hashes.ts";
import { compileTerm, occursInAttributes, occursInMessage } from "../../../../../src/store/blocks/compile/term.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { countMatches } from "../../../../../src/store/blocks/match/count-matches.ts";
import { blockMayHold } from "../../../../../src/store/blocks/match/dense-filters.ts";
import { findShapedAttribute } from "../../../../../src/store/blocks/match/find-attribute.ts";
import { markQuery } from "../../../../../src/store/blocks/match/mark-query.ts";
import { findText } from "../../../../../src/store/blocks/match/mark-text.ts";
import { compileFilter, matchPage, mayMatch } from "../../../../../src/store/blocks/match/match.ts";
import { writeRows } from "../../../../../src/store/blocks/search/record-text.ts";
import type { KnownRecord } from "../../../../support/random-records.ts";
import { judgeByHand } from "../../../../support/reference-query.ts";
import { blockRowsOf, type Row, row, rowsOf } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const folder = await makeTemporaryFolder();
const database = openForWriting(folder.file("logs.db"));
database.run("PRAGMA synchronous=OFF");
let nextId = 1;

afterAll(async () => {
  database.close();
  await folder[Symbol.asyncDispose]();
});

function store(rows: Row[], without: number[] = []): BlockReader {
  const firstId = nextId * 1_000_000;
  const { meta: ofAll, parts } = encodeDenseBlock(blockRowsOf(rows, { firstId }));
  insertBlock(database, nextId, { meta: ofAll, parts: parts.filter(({ part }) => !without.includes(part)) });
  const [meta] = listBlocks(database, { id: nextId });
  nextId += 1;
  if (meta === undefined) throw new Error("the block is not listed");
  return openBlock(database, meta);
}

const hex = (random: Random, digits: number) => Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join("");
const uuid = (random: Random) => [8, 4, 4, 4, 12].map((digits) => hex(random, digits)).join("-");

/** Words of which hardly two texts have as many: what stands between quotes, or in a path. */
function makePhrase(random: Random, glue: string): string {
  const words = [
    "Mozilla",
    "index.html",
    "12",
    "X11",
    "x86_64",
    "deadbeef",
    "\u00e0",
    "\u00c5",
    "\u6771\u4eac",
    '\\"',
    "C:\\",
    "\t",
    "%20",
    "\u0130",
    "-",
    "'a'",
    "(b)",
  ];
  return Array.from({ length: random.between(0, 9) }, () => random.pick([...words, hex(random, 5)])).join(glue);
}

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
  (random) =>
    random.pick([
      "alice",
      "Bob",
      "deadbeef",
      "facade",
      "björn",
      "東京",
      "x—y",
      "_id",
      "İstanbul",
      "ΣΊΣΥΦΟΣ",
      "\u212aelvin",
      "ſtop",
    ]),
  (random) => `${random.pick(["web", "db", "v", "É"])}${random.between(1, 12)}`,
  (random) => `a1b2c3d4e5${hex(random, 6)}z`,
  (random) => random.pick(["timeout", "reset by peer", "10.0.0.1", "\n\tat x.y(z.ts:12)", "😀", '"quoted"', "C:\\temp", "end."]),
  (random) => "9".repeat(random.between(14, 20)),
  (random) => `"${makePhrase(random, " ")}"`,
  (random) => `/${makePhrase(random, "/")}`,
  (random) => `https://www.example.com/${makePhrase(random, "/")}?q=${makePhrase(random, "+")}`,
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
  test("takes phrases out of messages that are alike but for these, and leaves in those of other messages, and prose", () => {
    const random = createRandom(SEED);
    const vocabulary = Array.from({ length: 500 }, () => hex(random, 6).replaceAll(/[0-9]/g, "x"));
    const prose = (glue: () => string) => [0, 1, 2].map(() => random.pick(vocabulary)).join(glue());
    const requests = Array.from({ length: 300 }, () => [makePhrase(random, "/"), `${makePhrase(random, " ")} x`] as const);
    const makers = [
      (i: number) => `user "root" took ${i} ms`,
      (i: number) => {
        // A few of them again and again, and most of them a few times.
        const [path, browser] = requests[Math.floor(300 * random.next() ** 3)] as (typeof requests)[0];
        return `10.0.0.${i % 9} - [24/Nov/2026] "GET /${path} HTTP/1.1" ${i} "${browser}" end`;
      },
      () =>
        `note "${prose(() => (random.next() < 0.9 ? " " : `${random.pick([",", ";"])}${"!".repeat(random.between(0, 99))}`))}" was added by hand`,
    ];
    const rows = Array.from({ length: 6000 }, (_, i) => row({ message: (makers[i % 3] as (typeof makers)[0])(i) }));
    const { templated } = denseOf(store(rows)).messages();
    const shapes = Array.from({ length: templated.count }, (_, i) =>
      templated
        .template(i + 1)
        .pieces()
        .join("*"),
    );
    const countOf = (shape: string) => templated.templateOfRow().filter((number) => shapes[number - 1] === shape).length;
    expect(countOf('user "root" took * ms')).toBe(2000);
    expect(countOf('note "* * *" was added by hand')).toBeGreaterThan(1700);
    expect(countOf('*.*.*.* - [*/Nov/*] "*" * "*" end')).toBeGreaterThan(1900);
  });

  test("has no column for each phrase of a document", () => {
    const random = createRandom(SEED);
    const pair = () =>
      `"${hex(random, 4)} ${hex(random, random.between(1, 3))}":"${hex(random, 5)}/${"a ".repeat(random.between(0, 3))}"`;
    const rows = Array.from({ length: 200 }, () => row({ message: Array.from({ length: 100 }, pair).join() }));
    const block = store(rows);
    const { columns } = denseOf(block).messages().templated;
    expect(columns.length).toBeLessThan(100);
    expect(block.texts("messages", 0, [0, 199])).toEqual([rows[0]?.message, rows[199]?.message] as string[]);
  });

  test("is made in time of quotes that are never closed, and of any number of phrases", () => {
    const texts = ['\\"'.repeat(100_000), `"a`.repeat(60_000), "/a ".repeat(60_000), '""'.repeat(60_000), "\\".repeat(100_000)];
    const rows = Array.from({ length: 100 }, (_, i) => row({ message: `"${i}${texts[i % texts.length]}${"x".repeat(i)}` }));
    const start = performance.now();
    const block = store(rows);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(block.texts("messages", 0, [0, 1, 2, 3, 4])).toEqual(rows.slice(0, 5).map(({ message }) => message));
  }, 30_000);

  test("makes less of a web server's real logs than zstd does at level 6, its filters included", async () => {
    const bytes = await Bun.file(resolve(import.meta.dir, "../../../../fixtures/apache_logs")).bytes();
    const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
    const rows = lines.map((message, i) => row({ ms: 1_764_000_000_000 + i, message, attributes: "" }));
    const { meta } = encodeDenseBlock(blockRowsOf(rows, {}));
    expect([rows.length, meta.bytes < Bun.zstdCompressSync(bytes, { level: 6 }).length]).toEqual([2000, true]);
  });

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
      for (const width of [1, 1000, 60_000, 90_000, 3_600_000, 86_400_000]) {
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

  test("gives as one value what a sender wrote in several ways", () => {
    const ways = [
      ['[{"A":1,"A":null}]', '[{"A":null}]', '[ { "A": null } ]'],
      ["1.50", "1.5", "15e-1"],
      ['"\\u0041b"', '"Ab"'],
      ["-0", "0"],
    ];
    for (const texts of ways) {
      const random = createRandom(SEED);
      const rows = Array.from({ length: 200 }, () => row({ attributes: `{"v":${random.pick(texts)},"n":"${random.next()}"}` }));
      const block = store(rows);
      expect(compareAttribute(block, "v")).toBe(200);
      expect(denseOf(block).attribute("v").values).toHaveLength(1);
    }
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

  test("compares whole numbers of attributes as their texts compare", () => {
    const random = createRandom(SEED);
    const numbers = Array.from({ length: 600 }, () => random.pick([random.between(0, 60), random.between(0, 10 ** 9), 42, 0]));
    for (const write of [(number: number) => number, String, (number: number) => String(number).padStart(9, "0")]) {
      const rows = numbers.map((number) => row({ attributes: JSON.stringify({ user: write(number) }) }));
      const block = store(rows);
      let found = 0;
      for (const operator of ["=", "!=", ">", ">=", "<", "<="]) {
        for (const value of ["42", "42.0", "042", "4.2e1", "41.5", "0", "9999999999", "x"]) {
          const node = compileQuery(parseQuery(`user${operator}"${value}"`));
          const leaf = node.type === "not" ? node.part : node;
          if (leaf.type !== "attribute") throw new Error(`'user${operator}${value}' is no condition on an attribute`);
          const hits = new Uint8Array(rows.length);
          findShapedAttribute(denseOf(block).attributes(), leaf, hits);
          const expected = numbers.map((number) => (leaf.accepts(JSON.stringify(write(number))) ? 1 : 0));
          if (!Bun.deepEquals([...hits], expected)) throw new Error(`seed ${SEED}: user${operator}${value} of ${write(42)}`);
          found += hits.reduce((sum, hit) => sum + hit, 0);
        }
      }
      expect(found).toBeGreaterThan(1000);
    }
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
        const { hashes, grams, jsonGrams } = term;
        const held =
          blockMayHold({ hashes, grams }, denseOf(block), "messages") ||
          blockMayHold({ hashes, grams: jsonGrams }, denseOf(block), "attributes");
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
        const leaf = messageLeaf([literal], { accepts, folded, passesInParts: false, hashes: queryHashes([]) });
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

  test("gives to queries cut out of its texts what a naive reading of them gives, whether it has filters of grams and counts of templates or not", () => {
    let [found, leftOut, counted] = [0, 0, 0];
    for (let i = 0; i < 24; i += 1) {
      const rows = makeRows(SEED + i, i % 4 === 0 ? 30 : 400);
      const known = rows.map(knownOf);
      const block = store(rows, i % 3 === 0 ? [DENSE_PART.grams, DENSE_PART.templateRows] : []);
      const random = createRandom(SEED - i);
      for (let n = 0; n < 60; n += 1) {
        const query = cutQuery(random, rows);
        const judge = judgeByHand(query);
        const matcher = compileFilter({ ...NO_FILTER, query });
        const hits = new Uint8Array(rows.length);
        if (mayMatch(matcher, block)) {
          for (let page = 0; page < block.pages(); page += 1) {
            const marked = matchPage(matcher, block, page);
            if (marked !== undefined) hits.set(marked, block.pageRange(page).from);
          }
        } else leftOut += 1;
        const wrong = known.findIndex((record, at) => judge(record) !== (hits[at] === 1));
        if (wrong >= 0) throw new Error(`seed ${SEED + i}: ${JSON.stringify({ query, row: rows[wrong], hit: hits[wrong] })}`);
        const count = matcher.query && countMatches(matcher.query, block);
        if (count !== undefined && count !== hits.filter((hit) => hit === 1).length)
          throw new Error(`seed ${SEED + i}: ${JSON.stringify({ query, count })}`);
        counted += count !== undefined && count > 0 ? 1 : 0;
        found += hits.includes(1) ? 1 : 0;
      }
    }
    expect([found > 500, leftOut > 20, counted > 200]).toEqual([true, true, true]);
  }, 60_000);

  test("is left out by its filters before anything else of it is read", () => {
    const rows = [
      ...Array.from({ length: 40 }, (_, i) => row({ message: `request ${i} timed out`, attributes: `{"path":"/orders/${i}"}` })),
      row({ message: "Connection reset by peer", attributes: '{"why":["a \\"hangup\\""]}' }),
    ];
    const others = Object.values(DENSE_PART).filter((part) => part !== DENSE_PART.blooms && part !== DENSE_PART.grams);
    const block = store(rows, others);
    const mayHold = (q: string) => mayMatch(compileFilter({ ...NO_FILTER, query: parseQuery(q) }), block);
    const absent = ["*mefire*", '"timed in"', "/time[a-z] upper/", "/RESET.*timeline/i", 'message="timed nothing"', "*hangupa*"];
    expect(absent.filter(mayHold)).toEqual([]);
    const there = [
      "*imed*",
      '"12 timed out"',
      "/time[a-z] out/",
      "/RESET.*PEER/i",
      "*ction*",
      '"a \\"hangup"',
      "*der*",
      "*equ*st*",
    ];
    expect(there.filter((q) => !mayHold(q))).toEqual([]);
  });

  test("has the long s and the sign of Kelvin for an s and a k in regular expressions that ignore case", () => {
    const block = store([
      ...Array.from({ length: 20 }, (_, i) => row({ message: `${i} \u212a of meaſured heat` })),
      row({ message: "a ſtrange \u212aind" }),
    ]);
    const rowsFor = (q: string) => {
      const matcher = compileFilter({ ...NO_FILTER, query: parseQuery(q) });
      return mayMatch(matcher, block) ? matchPage(matcher, block, 0)?.filter((hit) => hit === 1).length : undefined;
    };
    expect(["/K OF MEASURED/i", "/a strange kind/i", "/STRANG.*KIND/i"].map(rowsFor)).toEqual([20, 1, 1]);
    expect(["/k of measured/", "/strang/", "/MEASURES/i"].map(rowsFor)).toEqual([undefined, undefined, undefined]);
  });

  test("counts records by the templates of their messages, without a look at each, where these say it all", () => {
    const rows = [
      ...Array.from({ length: 40 }, (_, i) => row({ message: `request ${i} timed out`, attributes: '{"why":"timed out"}' })),
      ...Array.from({ length: 30 }, (_, i) => row({ message: `request ${i} of shop refused` })),
      row({ message: "one of a kind: timed out, then refused" }),
    ];
    const countIn = (block: BlockReader, q: string) => countMatches(compileQuery(parseQuery(q)), block);
    const block = store(rows);
    const counts = {
      'message:"timed out"': 41,
      '"timed out"': 41,
      "/req.*out/": 40,
      "/S.*p REF/i": 30,
      request: 70,
      "*eques*": 70,
      "/of [a-z]+/": 31,
    };
    expect(Object.keys(counts).map((q) => [q, countIn(block, q)])).toEqual(Object.entries(counts));
    expect(["request and shop", "why:timed", "/\\d+/"].map((q) => countIn(block, q))).toEqual([undefined, undefined, undefined]);
    const withoutRows = store(rows, [DENSE_PART.messageRows]);
    expect(["/of sh.p/", "*eques*"].map((q) => countIn(withoutRows, q))).toEqual([30, 70]);
    expect(countIn(store(rows, [DENSE_PART.templateRows]), "request")).toBeUndefined();
  });
});

function knownOf(from: Row, at: number): KnownRecord {
  const values: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) collect(inner);
    else values.push(String(value));
  };
  if (from.attributes !== "") collect(JSON.parse(from.attributes));
  return { ...from, id: at + 1, receivedMs: from.ms, values };
}

/** A stretch of a text from any place to any other, perhaps with another letter in it or in another case; not blank. */
function cutText(random: Random, texts: readonly string[]): string {
  const characters = [...random.pick(texts)];
  const start = random.between(0, Math.max(0, characters.length - 1));
  const cut = characters.slice(start, start + random.pick([1, 2, 3, 4, 5, 8, 13, 21]));
  if (random.next() < 0.15) cut[random.between(0, cut.length - 1)] = random.pick(["a", "k", "s", "z", "0", "-", " "]);
  const text = cut.join("");
  if (text.trim() === "") return "x";
  const chance = random.next();
  return chance < 0.2 ? text.toUpperCase().toWellFormed() : chance < 0.4 ? text.toLowerCase() : text;
}

/** Substrings, phrases, texts with wildcards, regular expressions and whole messages, alone or with one another. */
function cutQuery(random: Random, rows: readonly Row[]): Query {
  const { message, attributes } = random.pick(rows);
  const values = random.pick(rows.map(knownOf)).values;
  const cut = () => cutText(random, attributes === "" || random.next() < 0.6 ? [message || "x"] : [...values, "x"]);
  const escaped = () => cut().replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const regex = (source: string): Query => ({
    type: "regex",
    field: "message",
    pattern: readPattern(source, random.next() < 0.5),
  });
  const field = random.pick<"any" | "message">(["any", "any", "message"]);
  return random.pick<() => Query>([
    () => ({ type: "text", field, parts: [ANY_MANY, cut(), ANY_MANY] }),
    () => ({ type: "text", field, parts: [cut()] }),
    () => ({ type: "text", field, parts: [cut(), ANY_MANY, cut()] }),
    () => regex(escaped()),
    () => regex(`${escaped()}.*${escaped()}`),
    () => regex(`(?:${escaped()})+[^x]?\\b${escaped()}`),
    () => regex(`${escaped()}[a-z ]{0,3}\\d`),
    () => regex(random.pick(["^", "\\b", "\\B"]) + escaped()),
    () => regex(escaped() + random.pick(["$", "\\b", "\\B"])),
    () => ({ type: "compare", field: "message", operator: "=", value: message }),
    () => ({ type: random.pick<"and" | "or">(["and", "or"]), parts: [cutQuery(random, rows), cutQuery(random, rows)] }),
    () => ({ type: "not", part: cutQuery(random, rows) }),
  ])();
}
