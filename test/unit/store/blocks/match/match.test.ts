import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ALL_SEVERITIES, type Filter, NO_FILTER } from "../../../../../src/query/filter.ts";
import { parseQuery } from "../../../../../src/query/parse-query.ts";
import type { Timestamp } from "../../../../../src/schema/timestamp.ts";
import { insertBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import type { BlockReader } from "../../../../../src/store/blocks/block/block-reader.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { pageMayHold } from "../../../../../src/store/blocks/match/mark-query.ts";
import { compileFilter, matchesWhole, matchPage, mayMatch, selectBlocks } from "../../../../../src/store/blocks/match/match.ts";
import { encodedBlockOf, type Row, row } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";
import { textQuery } from "../../../../support/text-query.ts";

const filterOf = (conditions: Partial<Filter>): Filter => ({ ...NO_FILTER, ...conditions });
const at = (ms: number, nanos = 0): Timestamp => ({ ms, nanos, digits: 9 });

async function openTestBlocks() {
  const folder = await makeTemporaryFolder();
  const database = openForWriting(folder.file("logs.db"));
  // What is tested here is no matter of disks.
  database.run("PRAGMA synchronous=OFF");
  let id = 0;
  return {
    database,
    store(rows: Row[], fields: Parameters<typeof encodedBlockOf>[1] = {}): BlockReader {
      id += 1;
      insertBlock(database, id, encodedBlockOf(rows, { firstId: id * 1000, ...fields }));
      const [meta] = listBlocks(database, { id });
      if (meta === undefined) throw new Error("the block is not listed");
      return openBlock(database, meta);
    },
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The rows of the block that match, of all its pages. */
function matchesOf(block: BlockReader, conditions: Partial<Filter>): number[] {
  const found: number[] = [];
  for (let page = 0; page < block.pages(); page += 1) {
    const { from } = block.pageRange(page);
    const matches = matchPage(compileFilter(filterOf(conditions)), block, page);
    if (matches !== undefined) expect(matches.includes(1)).toBe(true);
    for (const [index, hit] of (matches ?? []).entries()) if (hit === 1) found.push(from + index);
  }
  return found;
}

describe("matching", () => {
  test("without any condition takes every row", async () => {
    await using blocks = await openTestBlocks();
    expect(matchesOf(blocks.store([row(), row({ severity: 5 }), row({ message: "" })]), {})).toEqual([0, 1, 2]);
  });

  test("takes times from the first bound to the last, both included, to the nanosecond", async () => {
    await using blocks = await openTestBlocks();
    const block = blocks.store([
      row({ ms: 1000, nanos: 4 }),
      row({ ms: 1000, nanos: 5 }),
      row({ ms: 1000, nanos: 6 }),
      row({ ms: 1001, nanos: 0 }),
      row({ ms: 999, nanos: 999_999 }),
      row({ ms: -5, nanos: 1 }),
    ]);
    expect(matchesOf(block, { timestampStart: at(1000, 5) })).toEqual([1, 2, 3]);
    expect(matchesOf(block, { timestampEnd: at(1000, 5) })).toEqual([0, 1, 4, 5]);
    expect(matchesOf(block, { timestampStart: at(1000, 5), timestampEnd: at(1000, 5) })).toEqual([1]);
    expect(matchesOf(block, { timestampStart: at(1000, 6), timestampEnd: at(1001) })).toEqual([2, 3]);
    expect(matchesOf(block, { timestampEnd: at(-5, 0) })).toEqual([]);
    expect(matchesOf(block, { timestampEnd: at(-5, 1) })).toEqual([5]);
    expect(matchesOf(block, { timestampStart: at(1001, 1) })).toEqual([]);
    expect(matchesOf(block, { timestampStart: at(1001), timestampEnd: at(1000) })).toEqual([]);
  });

  test("takes times of receipt likewise, which are whole milliseconds", async () => {
    await using blocks = await openTestBlocks();
    const block = blocks.store([row({ nanos: 9 }), row({ nanos: 9 }), row({ nanos: 9 })], { receivedMs: [1000, 1001, 1002] });
    expect(matchesOf(block, { receivedStart: at(1001) })).toEqual([1, 2]);
    expect(matchesOf(block, { receivedStart: at(1001, 1) })).toEqual([2]);
    expect(matchesOf(block, { receivedEnd: at(1001) })).toEqual([0, 1]);
    expect(matchesOf(block, { receivedStart: at(1001), receivedEnd: at(1001, 999_999) })).toEqual([1]);
    expect(matchesOf(block, { receivedStart: at(1003) })).toEqual([]);
  });

  test("takes the severities of the mask, and no others", async () => {
    await using blocks = await openTestBlocks();
    const block = blocks.store([0, 1, 2, 3, 4, 5].map((severity) => row({ severity })));
    expect(matchesOf(block, { severityMask: ALL_SEVERITIES })).toEqual([0, 1, 2, 3, 4, 5]);
    expect(matchesOf(block, { severityMask: 0b101000 })).toEqual([3, 5]);
    expect(matchesOf(block, { severityMask: 1 })).toEqual([0]);
    expect(matchesOf(block, { severityMask: 0 })).toEqual([]);
  });

  test("takes any of the services, by their whole names", async () => {
    await using blocks = await openTestBlocks();
    const block = blocks.store(["web", "db", "web-2", "Web"].map((service) => row({ service })));
    expect(matchesOf(block, { services: [] })).toEqual([0, 1, 2, 3]);
    expect(matchesOf(block, { services: ["web"] })).toEqual([0]);
    expect(matchesOf(block, { services: ["db", "Web", "absent"] })).toEqual([1, 3]);
    expect(matchesOf(block, { services: ["absent"] })).toEqual([]);
    const may = (services: string[]) => mayMatch(compileFilter(filterOf({ services })), block);
    expect([may([]), may(["absent", "db"]), may(["absent"])]).toEqual([true, true, false]);
  });

  test.each([false, true])(
    "takes rows in which every term occurs, in the message or a value (with Bloom filters: %p)",
    async (blooms) => {
      await using blocks = await openTestBlocks();
      const rows = [
        row({ message: "disk full" }),
        row({ message: "disk", attributes: '{"state":"FULL"}' }),
        row({ message: "disk", attributes: '{"full":1}' }),
        row({ message: "diskfull" }),
        row({ message: "x", attributes: '{"a":"full","b":["Disk"]}' }),
      ];
      const block = blocks.store(rows, { blooms, bundle: !blooms });
      expect(matchesOf(block, { query: textQuery("disk", "full") })).toEqual([0, 1, 4]);
      expect(matchesOf(block, { query: textQuery("disk full") })).toEqual([0]);
      expect(matchesOf(block, { query: textQuery("DISK") })).toEqual([0, 1, 2, 4]);
      expect(matchesOf(block, { query: textQuery("disk", "absent") })).toEqual([]);
    },
  );

  test("finds rows on the page where they are", async () => {
    await using blocks = await openTestBlocks();
    const rows = Array.from({ length: 8 }, (_, i) =>
      row({
        ms: i,
        severity: i % 2,
        service: `s${i}`,
        message: `needle${i} common ${"-".repeat(150_000)}`,
        attributes: `{"i":${i}}`,
      }),
    );
    for (const options of [
      { blooms: true, bundle: false },
      { blooms: false, bundle: true },
    ]) {
      const block = blocks.store(rows, options);
      expect(block.pages()).toBe(4);
      expect(matchesOf(block, { query: textQuery("needle5") })).toEqual([5]);
      expect(matchesOf(block, { query: textQuery("common", "7") })).toEqual([7]);
      expect(matchesOf(block, { query: textQuery("common"), timestampStart: at(3), severityMask: 0b10 })).toEqual([3, 5, 7]);
      expect(matchesOf(block, { services: ["s0", "s6"] })).toEqual([0, 6]);
      expect(matchPage(compileFilter(filterOf({ query: textQuery("needle5") })), block, 0)).toBeUndefined();
    }
  });

  test("agrees, page by page, with a naive reading of the filter; so do what leaves a block out and what takes it whole", async () => {
    await using blocks = await openTestBlocks();
    const time = fc.record({ ms: fc.integer({ min: 0, max: 3 }), nanos: fc.integer({ min: 0, max: 2 }) });
    const bound = fc.option(
      fc
        .record({ ms: fc.integer({ min: -1, max: 4 }), nanos: fc.integer({ min: 0, max: 2 }) })
        .map(({ ms, nanos }) => at(ms, nanos)),
      { nil: undefined, freq: 2 },
    );
    const anyRow = fc.record({
      time,
      received: fc.integer({ min: 0, max: 3 }),
      severity: fc.nat(2),
      service: fc.constantFrom("a", "b", "c"),
    });
    const anyFilter = fc.record({
      start: bound,
      end: bound,
      receivedStart: bound,
      receivedEnd: bound,
      severityMask: fc.constantFrom(ALL_SEVERITIES, 1, 2, 3, 6, 7),
      services: fc.subarray(["a", "b", "c", "d"]),
    });
    const rank = ({ ms, nanos }: { ms: number; nanos: number }) => ms * 10 + nanos;
    let whole = 0;
    let leftOut = 0;
    let bounded = 0;
    fc.assert(
      fc.property(
        fc.array(anyRow, { minLength: 1, maxLength: 6 }),
        anyFilter,
        (rows, { start, end, receivedStart, receivedEnd, ...rest }) => {
          const block = blocks.store(
            rows.map(({ time: { ms, nanos }, severity, service }) => row({ ms, nanos, severity, service })),
            { receivedMs: rows.map(({ received }) => received) },
          );
          const filter: Filter = {
            ...NO_FILTER,
            ...rest,
            ...(start && { timestampStart: start }),
            ...(end && { timestampEnd: end }),
            ...(receivedStart && { receivedStart }),
            ...(receivedEnd && { receivedEnd }),
          };
          const within = (value: number, from: Timestamp | undefined, to: Timestamp | undefined) =>
            (from === undefined || value >= rank(from)) && (to === undefined || value <= rank(to));
          const expected = [...rows.keys()].filter((index) => {
            const one = rows[index] as (typeof rows)[number];
            return (
              within(rank(one.time), start, end) &&
              within(one.received * 10, receivedStart, receivedEnd) &&
              ((rest.severityMask >> one.severity) & 1) === 1 &&
              (rest.services.length === 0 || rest.services.includes(one.service))
            );
          });
          if (start !== undefined && expected.length > 0) bounded += 1;
          expect(matchesOf(block, filter)).toEqual(expected);
          const matcher = compileFilter(filter);
          if (matchesWhole(matcher, block.meta)) {
            whole += 1;
            expect(expected.length).toBe(rows.length);
          }
          const listed = listBlocks(blocks.database, { ...selectBlocks(matcher), id: block.meta.id });
          if (listed.length === 0 || !mayMatch(matcher, block)) {
            leftOut += 1;
            expect(expected).toEqual([]);
          }
        },
      ),
      { numRuns: 1500 },
    );
    // All were met: the property is about something.
    expect([whole > 20, leftOut > 20, bounded > 20]).toEqual([true, true, true]);
  });

  test("never takes a block whole where texts are looked for, or where a bound lies within its last millisecond", async () => {
    await using blocks = await openTestBlocks();
    const { meta } = blocks.store([row({ ms: 1000 }), row({ ms: 2000 })]);
    const takesWhole = (conditions: Partial<Filter>) => matchesWhole(compileFilter(filterOf(conditions)), meta);
    expect(takesWhole({})).toBe(true);
    expect(takesWhole({ query: textQuery("m") })).toBe(false);
    expect(takesWhole({ timestampStart: at(999, 999_999), timestampEnd: at(2001) })).toBe(true);
    expect(takesWhole({ timestampStart: at(1000, 1) })).toBe(false);
    expect(takesWhole({ timestampEnd: at(1999, 999_999) })).toBe(false);
    expect(takesWhole({ severityMask: 0b100 })).toBe(true);
    expect(takesWhole({ severityMask: 0b011 })).toBe(false);
    expect(takesWhole({ services: ["web", "db"] })).toBe(true);
    expect(takesWhole({ services: ["db"] })).toBe(false);
  });

  describe("by a query", () => {
    const read = (q: string) => ({ query: parseQuery(q) });

    async function openMixed(
      blocks: Awaited<ReturnType<typeof openTestBlocks>>,
      options: Parameters<typeof encodedBlockOf>[1] = {},
    ) {
      return blocks.store(
        [
          row({
            service: "web",
            severity: 2,
            message: "request timed out",
            attributes: '{"ms":1500,"path":"/api/v1","ok":true}',
          }),
          row({ service: "Web", severity: 4, message: "Timeout of gateway", attributes: '{"ms":"1500","path":"/api/v2"}' }),
          row({
            service: "web-2",
            severity: 5,
            message: "timeouts",
            attributes: '{"ms":99,"tags":["a","b c"],"http":{"code":504}}',
          }),
          row({ service: "db", severity: 1, message: "outtake", attributes: '{"service":"inner","ms":null}' }),
          row({ service: "db", severity: 3, message: 'say "hi" a*b', ms: 1_764_000_000_001, nanos: 5 }),
        ],
        { receivedMs: [10, 11, 12, 13, 14], ...options },
      );
    }

    const cases: [string, number[]][] = [
      ["*", [0, 1, 2, 3, 4]],
      ["timed", [0]],
      ["time*", [0, 1, 2]],
      ["*out", [0, 1]],
      ["*out*", [0, 1, 2, 3]],
      ["*MED OU*", [0]],
      ["t?me*", [0, 1, 2]],
      ["t*d", [0]],
      ["req*out", []],
      ['"a*b"', [4]],
      ["a\\*b", [4]],
      ["v?", [0, 1]],
      ["service:web", [0, 1]],
      ["service=web", [0]],
      ["service:web*", [0, 1, 2]],
      ["service~^[Ww]eb$", [0, 1]],
      ["-service:web", [2, 3, 4]],
      ["service:db OR service:web-2", [2, 3, 4]],
      ["attributes.service:inner", [3]],
      ["severity:err", [1]],
      ["severity>=error", [1, 2]],
      ["severity:(debug OR fatal)", [2, 3]],
      ["severity!=info", [1, 2, 3, 4]],
      ["severity<warn -severity:debug", [0]],
      ["message:out", [0]],
      ["message:1500", []],
      ["message=timeouts", [2]],
      ["message=timeout", []],
      ["message>s", [2, 4]],
      ["ms:1500", [0, 1]],
      ["ms=1500", [0, 1]],
      ["ms=1500.0", [0]],
      ["ms!=1500", [2, 3, 4]],
      ["ms>99", [0, 1]],
      ["ms>=99 ms<1000", [2]],
      ["ms:[99 TO 1500}", [2]],
      ["ms:*", [0, 1, 2, 3]],
      ["-ms:*", [4]],
      ["ms=null", [3]],
      ["ok=true", [0]],
      ["path:api", [0, 1]],
      ["path:/v[13]$/", [0]],
      ["path~^/API/", []],
      ["path:/^\\/API/i", [0, 1]],
      ["tags=a", [2]],
      ['tags="b c"', [2]],
      ["tags:c", [2]],
      ["http.code>=500", [2]],
      ["http:504", [2]],
      ["/t.me/", [0, 2]],
      ["/T.ME/i", [0, 1, 2]],
      ["/(t|x)+ime(d|o)/", [0, 2]],
      ["id:1001", [1]],
      ["id>=1003", [3, 4]],
      ["id<1001 OR id>1003", [0, 4]],
      ["timestamp=1764000000000", [0, 1, 2, 3]],
      ["timestamp>1764000000000", [4]],
      ["timestamp>1764000000001000005", []],
      ["timestamp<=1764000000001000005", [0, 1, 2, 3, 4]],
      ["timestamp<1764000000001000005", [0, 1, 2, 3]],
      ["received_at>=1970-01-01T00:00:00.012Z received_at<1970-01-01T00:00:00.014Z", [2, 3]],
      ["(service:web OR ms:99) severity>=error", [1, 2]],
      ["timed OR severity>=error -service:web", [0, 2]],
      ["-(timed OR timeouts)", [1, 3, 4]],
    ];
    test.each(cases)("%s", async (q, expected) => {
      for (const options of [{ blooms: false }, { blooms: true, bundle: false }, { dense: true }]) {
        await using blocks = await openTestBlocks();
        const block = await openMixed(blocks, { firstId: 1000, ...options });
        expect(matchesOf(block, read(q))).toEqual(expected);
        const matcher = compileFilter(filterOf(read(q)));
        if (expected.length > 0) expect(mayMatch(matcher, block)).toBe(true);
        if (matchesWhole(matcher, block.meta)) expect(expected.length).toBe(5);
      }
    });

    test("takes the long s for an s in regular expressions in any case, and for another letter in words", async () => {
      for (const options of [{ blooms: false }, { blooms: true, bundle: false }]) {
        await using blocks = await openTestBlocks();
        const block = blocks.store([row({ message: "x ſo y" }), row({ message: "x SO y" })], options);
        expect(matchesOf(block, read("/x so y/i"))).toEqual([0, 1]);
        expect(matchesOf(block, read("so"))).toEqual([1]);
        expect(matchesOf(block, read("ſo"))).toEqual([0]);
      }
      await using blocks = await openTestBlocks();
      const only = blocks.store([row({ message: "x ſo y" })], { blooms: true, bundle: false });
      expect(matchesOf(only, read("/x so y/i"))).toEqual([0]);
    });

    test("leaves out blocks by what it says of every record, as parameters do", async () => {
      await using blocks = await openTestBlocks();
      const block = blocks.store([row({ severity: 2, ms: 1_764_000_000_000 }), row({ severity: 3, service: "db" })], {
        firstId: 5,
      });
      const isLeftOut = (q: string) => {
        const matcher = compileFilter(filterOf(read(q)));
        const listed = listBlocks(blocks.database, selectBlocks(matcher));
        return listed.length === 0 || !mayMatch(matcher, block);
      };
      const texts = "(any OR thing)";
      for (const q of ["service:chat", "severity>=error", "id>6", "id<5", "timestamp>1764000000001", "received_at<1", "-*"]) {
        for (const whole of [q, `${q} ${texts}`, `(${q} x) OR (${q} y)`, `(${q}) x -y`])
          expect([whole, isLeftOut(whole)]).toEqual([whole, true]);
        expect([q, isLeftOut(`${q} OR x`)]).toEqual([q, false]);
      }
      for (const q of ["service:DB", "severity:warn", "id:6", "timestamp:1764000000000", "-service:chat", "-severity:error"]) {
        expect([q, isLeftOut(q)]).toEqual([q, false]);
      }
    });

    test("leaves out pages by the words that must be there", async () => {
      await using blocks = await openTestBlocks();
      const rows = [row({ message: 'the disk "sda" is full', attributes: '{"user":"ann lee","n":42,"x":1.50}' })];
      const block = blocks.store(rows, { blooms: true, bundle: false });
      const isLeftOut = (q: string) => {
        const { query } = compileFilter(filterOf(read(q)));
        return query !== undefined && !pageMayHold(query, block, 0);
      };
      for (const q of [
        "absent",
        '"disk absent"',
        "message:absent",
        "user:absent",
        "user=absent",
        'message="disk absent"',
        "n=43",
        "/ absent /",
        "/x.* nothere in/i",
        "disk absent",
        "absent OR nowhere",
        "user:(absent OR nowhere)",
        "absent-*",
      ])
        expect([q, isLeftOut(q)]).toEqual([q, true]);
      for (const q of [
        "disk",
        "absent OR full",
        "-absent",
        "absen*",
        "user:ann",
        "n=42",
        "x=1.5",
        "n=42.0",
        "/absent/",
        "/ (absent|nowhere) /",
        "/ ABSEN[ST] /i",
        "user>absent",
      ])
        expect([q, isLeftOut(q)]).toEqual([q, false]);
    });

    test("takes a block whole by its description alone where it asks for nothing else", async () => {
      await using blocks = await openTestBlocks();
      const { meta } = blocks.store([row({ severity: 2 }), row({ severity: 3, service: "db" })], { firstId: 5 });
      const takesWhole = (q: string) => matchesWhole(compileFilter(filterOf(read(q))), meta);
      for (const q of [
        "*",
        "severity<error",
        "service:(web OR db)",
        "id>=5",
        "-service:chat",
        "severity:info OR severity:warn",
        "service:web OR severity:warn OR id<9",
        "-(service:chat m)",
      ]) {
        expect([q, takesWhole(q)]).toEqual([q, true]);
      }
      for (const q of [
        "m",
        "severity:info",
        "service:web",
        "id>5",
        "x:*",
        "service:web OR severity:warn",
        "-service:web",
        "* m",
      ]) {
        expect([q, takesWhole(q)]).toEqual([q, false]);
      }
    });
  });
});
