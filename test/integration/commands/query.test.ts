import { describe, expect, test } from "bun:test";
import { run } from "../../../src/cli.ts";
import { openTestApp, PAYMENTS, REPORTS, type TestApp } from "../../support/app.ts";
import { createTestContext, type TestContextOptions } from "../../support/cli.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const ESCAPE = "\u001b";

/** Twelve records, the first of payments the only error, ten minutes apart up to NOW. */
async function openFilledApp(): Promise<TestApp> {
  const app = await openTestApp({ now: () => NOW });
  for (let i = 0; i < 12; i += 1) {
    const timestamp = new Date(NOW - (11 - i) * 600_000).toISOString();
    const record = { timestamp, severity: i === 1 ? "ERROR" : "INFO", message: `record ${i} timed out`, n: i };
    await app.post(JSON.stringify(record), { authorization: `Token ${i % 2 === 0 ? REPORTS : PAYMENTS}` });
  }
  return app;
}

async function query(app: TestApp, args: string[], options: TestContextOptions = {}) {
  const requests: string[] = [];
  const fetch = (request: Request) => {
    requests.push(request.url.replace(/^[^/]*\/\/[^/]+/, ""));
    return app.fetch(request);
  };
  const context = createTestContext({ fetch, now: () => NOW, ...options });
  const code = await run(["query", ...args], context);
  return { code, out: context.out(), err: context.err(), requests };
}

async function numbers(app: TestApp, args: string[]): Promise<number[]> {
  const { code, out, err } = await query(app, args);
  expect([code, err]).toEqual([0, ""]);
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(/record (\d+)/.exec(line)?.[1]));
}

describe("logctl query", () => {
  test("shows the newest, the last one last", async () => {
    await using app = await openFilledApp();
    expect(await numbers(app, ["-n", "3"])).toEqual([9, 10, 11]);
    expect(await numbers(app, ["--limit", "2", "--offset", "1"])).toEqual([9, 10]);
    expect(await numbers(app, [])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("shows the order that is asked for", async () => {
    await using app = await openFilledApp();
    expect(await numbers(app, ["-n", "3", "--order", "asc"])).toEqual([0, 1, 2]);
    expect(await numbers(app, ["-n", "3", "--order", "desc"])).toEqual([11, 10, 9]);
    expect(await numbers(app, ["-n", "all"])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await numbers(app, ["-n", "all", "--order", "desc"])).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(await numbers(app, ["-n", "2", "--sort", "timestamp"])).toEqual([10, 11]);
  });

  test("finds by every filter", async () => {
    await using app = await openFilledApp();
    const cases: [string[], number[]][] = [
      [
        ["--service=payments", "-n", "2"],
        [9, 11],
      ],
      [
        ["--service", "payments", "--service", "reports", "-n", "2"],
        [10, 11],
      ],
      [["--severity", "err"], [1]],
      [["--min-severity", "warn"], [1]],
      [
        ["--since", "20m"],
        [9, 10, 11],
      ],
      [
        ["--until", "2026-11-24T10:20Z"],
        [0, 1],
      ],
      [
        ["--since", "2026-11-24T10:20:00Z", "--until", "2026-11-24T10:30:00.000Z"],
        [1, 2],
      ],
      [["--received-since", "now", "-n", "1"], [11]],
      [["--received-until", "1m"], []],
      [["-q", '"7 timed out"'], [7]],
      [["-q", "timed 3"], [3]],
      [
        ["-q", "severity:>=error OR n:[3 TO 4]"],
        [1, 3, 4],
      ],
      [
        ["-q", "service:reports -n<8"],
        [8, 10],
      ],
      [
        ["--grep", "record [78] timed"],
        [7, 8],
      ],
      [["-g", "RECORD 7|8"], [8]],
      [["-g", "record \\d{2}|/", "-q", "n=10 OR n=3"], [10]],
      [["--service", "nobody"], []],
    ];
    for (const [args, found] of cases) expect([args, await numbers(app, args)]).toEqual([args, found]);
  });

  test("sends --grep as a part of the query, ignoring case unless it has an upper-case letter", async () => {
    await using app = await openFilledApp();
    const sent = async (args: string[]) => {
      const { requests } = await query(app, ["-c", ...args]);
      return new URLSearchParams(requests[0]?.split("?")[1]).get("q");
    };
    expect(await sent(["-g", "timed? out"])).toBe("/timed? out/i");
    expect(await sent(["-g", "Timed"])).toBe("/Timed/");
    expect(await sent(["-g", "\\S/\\Wx\\/", "-q", "a OR b"])).toBe("/\\S\\/\\Wx\\//i (a OR b)");
  });

  test.each([
    [["-q", "severity:loud"], "logctl: q at 10: 'loud' is no severity; use one of TRACE, DEBUG, INFO, WARN, ERROR, CRITICAL\n"],
    [["-q", "a OR"], 'logctl: q at 5: expected a word, a "phrase" or a condition before the end\n'],
    [["-g", "(disk|cpu"], "logctl: --grep at 1: the group is never closed; a '(' as such is \\(\n"],
    [["-q", "a", "-g", ""], 'logctl: --grep at 1: the regular expression is empty; text with slashes goes in quotes: "/a/b"\n'],
  ])("%j is refused in one line, before anything is asked", async (args, message) => {
    await using app = await openTestApp();
    const { code, err, out, requests } = await query(app, args);
    expect({ code, err, out, requests }).toEqual({ code: 2, err: message, out: "", requests: [] });
  });

  test("counts with --count, by the same filters", async () => {
    await using app = await openFilledApp();
    expect((await query(app, ["--count", "--service", "payments"])).out).toBe("6\n");
    expect((await query(app, ["-c", "-q", "absent"])).out).toBe("0\n");
    expect((await query(app, ["-c"])).requests).toEqual(["/logs/stats?"]);
  });

  test("asks for a stream, with the parameters of the API", async () => {
    await using app = await openFilledApp();
    const { requests } = await query(app, [
      "--service",
      "a b",
      "--severity",
      "WARNING",
      "--since",
      "2026-11-24T10:00:00.000000001Z",
    ]);
    expect(requests).toEqual([
      "/logs?service=a+b&severity=WARNING&timestamp_start=2026-11-24T10%3A00%3A00.000000001Z&limit=100&offset=0&order=desc",
      // A stream's own header cannot tell of all damage.
      "/health",
    ]);
  });

  test("writes a table to a terminal and NDJSON to a pipe, and either on demand", async () => {
    await using app = await openFilledApp();
    const terminal = { stdoutIsTTY: true, columns: 80, env: { TZ: "UTC" } };
    const table = await query(app, ["-n", "1", "--utc"], terminal);
    expect(table.out).toContain("TIME");
    expect(table.out).toContain("2026-11-24 12:00:00.000Z");
    expect(table.out).toContain(ESCAPE);
    const pipe = await query(app, ["-n", "1"]);
    expect(JSON.parse(pipe.out)).toMatchObject({ id: 12, message: "record 11 timed out", attributes: { n: 11 } });
    expect((await query(app, ["-n", "1", "-o", "table"])).out.split("\n")[0]).toMatch(/^TIME +SEVERITY +SERVICE +MESSAGE$/);
    const formats = {
      line: /^2026-\S+ \S+ INFO payments record 11/,
      json: /^\[\n\{"id":12/,
      csv: /^id,timestamp/,
      logfmt: /^timestamp=/,
      raw: /^record 11/,
    };
    for (const [format, start] of Object.entries(formats))
      expect((await query(app, ["-n", "1", "-o", format])).out).toMatch(start);
  });

  test("paints for a terminal unless it is told not to", async () => {
    await using app = await openFilledApp();
    const painted = async (args: string[], env: Record<string, string>, stdoutIsTTY: boolean) =>
      (await query(app, ["-n", "1", "-o", "line", ...args], { env, stdoutIsTTY })).out.includes(ESCAPE);
    expect(await painted([], {}, true)).toBe(true);
    expect(await painted([], {}, false)).toBe(false);
    expect(await painted(["--no-color"], {}, true)).toBe(false);
    expect(await painted([], { NO_COLOR: "1" }, true)).toBe(false);
    expect(await painted([], { FORCE_COLOR: "1" }, false)).toBe(true);
  });

  test("says on a terminal, and nowhere else, that nothing was found", async () => {
    await using app = await openFilledApp();
    expect(await query(app, ["-q", "absent"], { stdoutIsTTY: true })).toMatchObject({
      code: 0,
      out: "",
      err: "no records match\n",
    });
    expect(await query(app, ["-q", "absent"])).toMatchObject({ code: 0, out: "", err: "" });
    expect((await query(app, ["-q", "absent", "-o", "json"])).out).toBe("[]\n");
  });

  test("reads ten thousand records in both ways", async () => {
    await using app = await openTestApp();
    const body = Array.from({ length: 10_000 }, (_, i) => JSON.stringify({ message: `record ${i}` })).join("\n");
    expect((await app.post(body)).status).toBe(200);
    const expected = Array.from({ length: 10_000 }, (_, i) => i);
    expect(await numbers(app, ["-n", "all"])).toEqual(expected);
    expect(await numbers(app, ["-n", "20000"])).toEqual(expected);
  });

  test.each([
    [["--severity", "loud"], 2, "--severity 'loud' is no severity"],
    [["--min-severity", ""], 2, "--min-severity '' is no severity"],
    [["--since", "soon"], 2, "--since 'soon' is no time"],
    [["--until", "2026-02-30"], 2, "--until '2026-02-30' is no time"],
    [["-n", "0"], 2, "--limit '0' is no whole number from 1"],
    [["-n", "some"], 2, "--limit 'some'"],
    [["--offset", "-1"], 2, "--offset '-1'"],
    [["-q", '"open'], 2, "q at 1: the quote is never closed"],
    [["-g", "(open"], 2, "--grep at"],
    [["-o", "xml"], 2, "Allowed choices are table, line, json, ndjson, csv, logfmt, raw"],
    [["--order", "up"], 2, "Allowed choices are asc, desc"],
    [["--count", "-n", "5"], 2, "cannot be used with option '-n, --limit"],
    [["--service", ""], 2, "service"],
    [["--url", "ftp://x"], 2, "--url 'ftp://x'"],
    [["timed", "out"], 2, "'timed out' belongs to no option; to find it, give -q 'timed out'"],
    [["--stats", "--interval", "5m", "--top", "3"], 2, "--top chooses among groups: name a field behind --stats"],
    [["--token", "nobody-made-this"], 4, "this token is not known here"],
  ])("refuses %p", async (args, code, message) => {
    await using app = await openTestApp();
    const result = await query(app, args);
    expect([result.code, result.out]).toEqual([code, ""]);
    expect(result.err).toContain(message);
    expect(result.err).toMatch(/^logctl: [^\n]+\n$/);
  });

  test.each([
    [["--since", "1h", "--until", "2h"], "--since '1h' lies after --until '2h': nothing can be found; swap them"],
    [
      ["--received-since", "2026-11-25", "--received-until", "2026-11-24"],
      "--received-since '2026-11-25' lies after --received-until '2026-11-24': nothing can be found; swap them",
    ],
    [
      ["--limit", "all", "--offset", "2"],
      "--limit all --offset 2 does not say which are left out: --order asc leaves out the oldest, --order desc the newest",
    ],
  ])("refuses %j, and asks nobody", async (args, message) => {
    const context = createTestContext({ now: () => NOW, fetch: () => expect.unreachable("it asked") });
    expect(await run(["query", ...args], context)).toBe(2);
    expect(context.err()).toBe(`logctl: ${message}\n`);
  });

  test("takes a span of one day, minute or instant, and an offset into all where the order is given", async () => {
    await using app = await openFilledApp();
    expect(await numbers(app, ["--since", "2026-11-24", "--until", "2026-11-24"])).toHaveLength(12);
    const instant = "2026-11-24T12:00:00Z";
    expect(await numbers(app, ["--since", instant, "--until", instant])).toEqual([11]);
    expect(await numbers(app, ["-n", "all", "--offset", "9", "--order", "asc"])).toEqual([9, 10, 11]);
    expect(await numbers(app, ["-n", "all", "--offset", "9", "--order", "desc"])).toEqual([2, 1, 0]);
  });

  /** An answer that ends as a connection does that is reset, in the midst of a record. */
  async function breakOff(response: Response | Promise<Response>, part: number): Promise<Response> {
    const answer = new Uint8Array(await (await response).arrayBuffer());
    const pieces = [answer.slice(0, answer.length * part)];
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) controller.error(new TypeError("reset"));
        else controller.enqueue(piece);
      },
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  }

  test("prints what came before an answer broke off, then the error, where the collector stays away", async () => {
    await using app = await openFilledApp();
    const rows = [
      ["-n", "all", "-o", "table"],
      ["-o", "table"],
      ["-n", "all", "-o", "line"],
    ];
    await Promise.all(
      rows.map(async (args) => {
        let requests = 0;
        const fetch = (request: Request) => {
          requests += 1;
          return requests === 1 ? breakOff(app.fetch(request), 0.5) : Promise.reject(new TypeError("refused"));
        };
        const context = createTestContext({ now: () => NOW, fetch });
        expect(await run(["query", ...args], context)).toBe(3);
        expect(context.out().match(/record \d+ timed out/g)?.length).toBeGreaterThan(2);
        expect(context.err()).toMatch(
          /^logctl: the collector at \S+ broke off its answer after \d records: there may be more\n$/,
        );
        expect(requests).toBe(6);
      }),
    );
  }, 30_000);

  test.each([
    ["-n all", "0 1 2 3 4 5 6 7 8 9 10 11"],
    ["-n all --order desc", "11 10 9 8 7 6 5 4 3 2 1 0"],
    ["-n all --offset 3 --order asc", "3 4 5 6 7 8 9 10 11"],
    ["-n all --sort timestamp", "0 1 2 3 4 5 6 7 8 9 10 11"],
    ["-n 7 --sort timestamp --order desc", "11 10 9 8 7 6 5"],
    ["-n 5 --offset 2", "5 6 7 8 9"],
    ["-n all --service reports", "0 2 4 6 8 10"],
  ])("goes on where an answer broke off, again and again, with each record once, in order: %s", async (args, expected) => {
    await using app = await openFilledApp();
    let requests = 0;
    const fetch = (request: Request) => {
      if (request.url.includes("/logs?")) requests += 1;
      return requests < 3 ? breakOff(app.fetch(request), 0.5) : app.fetch(request);
    };
    const context = createTestContext({ now: () => NOW, fetch });
    expect(await run(["query", ...args.split(" "), "-o", "ndjson"], context)).toBe(0);
    const lines = context.out().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).attributes.n).join(" ")).toBe(expected);
    expect([requests, context.err()]).toEqual([3, ""]);
  });

  test("says in one line that nobody answers", async () => {
    const context = createTestContext();
    expect(await run(["query"], context)).toBe(3);
    expect(context.err()).toMatch(/^logctl: no collector answers at http:\/\/127\.0\.0\.1:8000: [^\n]+\n$/);
  });

  test("lets no text of a server's answer drive the terminal", async () => {
    const hostile = JSON.stringify({ error: { code: "internal", message: `bad ${ESCAPE}]0;owned\u0007 \u202e` } });
    const context = createTestContext({ fetch: async () => new Response(hostile, { status: 500 }) });
    expect(await run(["query"], context)).toBe(1);
    expect(context.err()).toBe("logctl: bad \\x1b]0;owned\\x07 \\u202e\n");
  });
});
