import { describe, expect, test } from "bun:test";
import { run } from "../../../src/cli.ts";
import { openTestApp, PAYMENTS, REPORTS, type TestApp } from "../../support/app.ts";
import { createTestContext, type TestContextOptions } from "../../support/cli.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

/** Six records of reports and three of payments, a minute apart up to NOW. */
async function openFilledApp(): Promise<TestApp> {
  const app = await openTestApp({ now: () => NOW });
  for (let i = 0; i < 9; i += 1) {
    const timestamp = new Date(NOW - (8 - i) * 60_000).toISOString();
    const record = { timestamp, severity: i === 1 ? "ERROR" : "INFO", message: `record ${i}`, n: i, user: { id: i % 2 } };
    await app.post(JSON.stringify(record), { authorization: `Token ${i % 3 === 2 ? PAYMENTS : REPORTS}` });
  }
  return app;
}

async function query(app: Pick<TestApp, "fetch">, args: string[], options: TestContextOptions = {}) {
  const requests: string[] = [];
  const fetch = (request: Request) => {
    requests.push(request.url.replace(/^[^/]*\/\/[^/]+/, ""));
    return app.fetch(request);
  };
  const context = createTestContext({ fetch, now: () => NOW, ...options });
  const code = await run(["query", ...args], context);
  return { code, out: context.out(), err: context.err(), requests };
}

describe("logctl query --stats", () => {
  test("counts by fields, by the same filters as records are found by", async () => {
    await using app = await openFilledApp();
    const counted = await query(app, ["--stats", "service", "severity", "--since", "7m"]);
    expect([counted.code, counted.err]).toEqual([0, ""]);
    expect(counted.out.trimEnd().split("\n")).toEqual([
      '{"service":"reports","severity":"INFO","count":4}',
      '{"service":"payments","severity":"INFO","count":3}',
      '{"service":"reports","severity":"ERROR","count":1}',
    ]);
    expect((await query(app, ["--stats=user.id,service", "--top", "1"])).requests).toEqual([
      "/logs/stats?by=user.id%2Cservice&top=1",
    ]);
    expect((await query(app, ["--stats"])).out).toBe('{"count":9}\n');
    expect((await query(app, ["--stats", "--service", "payments", "-o", "json"])).out).toBe('{"count":3}\n');
  });

  test("counts by time, sums up numbers, and tells values apart", async () => {
    await using app = await openFilledApp();
    const { out } = await query(app, [
      "--stats",
      "--interval",
      "5m",
      "--of",
      "n",
      "--distinct",
      "user.id",
      "-o",
      "table",
      "--utc",
    ]);
    expect(out).toBe(
      [
        "TIME                  COUNT  VALUES  SUM  MIN  MAX  AVG  P50  P90  P95  P99  DISTINCT",
        "2026-11-24 11:50:00Z      3       3    3    0    2    1    1    2    2    2         2",
        "2026-11-24 11:55:00Z      5       5   25    3    7    5    5    7    7    7         2",
        "2026-11-24 12:00:00Z      1       1    8    8    8    8    8    8    8    8         1",
        "",
      ].join("\n"),
    );
  });

  test("shows the largest groups and how many records others have, in every format", async () => {
    await using app = await openFilledApp();
    const show = async (format: string) => (await query(app, ["--stats", "service", "--top", "1", "-o", format])).out;
    expect(await show("json")).toBe('{"count":9,"groups":[{"service":"reports","count":6}],"other":3}\n');
    expect(await show("ndjson")).toBe('{"service":"reports","count":6}\n{"other":3}\n');
    expect(await show("csv")).toBe("service,count\r\nreports,6\r\n(other),3\r\n");
    expect(await show("table")).toBe("SERVICE  COUNT\nreports      6\n(other)      3\n");
  });

  test("draws bars on a terminal, and says there that nothing was found", async () => {
    await using app = await openFilledApp();
    const options = { stdoutIsTTY: true, columns: 40, env: { NO_COLOR: "1" } };
    const { out } = await query(app, ["--stats", "service"], options);
    expect(out.split("\n").slice(1, 3)).toEqual([`reports       6  ${"█".repeat(23)}`, `payments      3  ${"█".repeat(11)}▌`]);
    expect(await query(app, ["--stats", "service", "-q", "absent"], options)).toMatchObject({
      out: "",
      err: "no records match\n",
    });
    expect(await query(app, ["--stats", "service", "-q", "absent"])).toMatchObject({ code: 0, out: "", err: "" });
  });
});

describe("logctl query --fields", () => {
  test("names the fields, and lists the values of one", async () => {
    await using app = await openFilledApp();
    const { out } = await query(app, ["--fields", "-o", "csv", "--service", "payments"]);
    expect(out.trimEnd().split("\r\n").slice(-3)).toEqual(["message,3", "n,3", "user.id,3"]);
    const values = await query(app, ["--fields", "user.id", "--top", "1"]);
    expect([values.out, values.requests]).toEqual(['{"value":0,"count":5}\n{"other":4}\n', ["/logs/fields/user.id?top=1"]]);
  });

  test("says that numbers are estimates where they are", async () => {
    const answer = { count: 100, exact: false, sampled: 10, fields: [{ name: "a", count: 50 }], omitted: 2 };
    const { out, err } = await query({ fetch: async () => Response.json(answer) }, ["--fields"]);
    expect(out).toBe('{"name":"a","count":50}\n{"other":2}\n');
    expect(err).toBe("estimates: the attributes of 10 of about 100 records were read\n");
  });
});

test.each([
  [["--stats", "message"], 2, "'message' is nothing to group by"],
  [["--stats", "service", "--interval", "5"], 2, "'5' is no interval"],
  [["--stats", "service", "--top", "0"], 2, "--top '0' is no whole number from 1 to 10000"],
  [["--stats", "service", "-o", "raw"], 2, "--output 'raw' shows no groups; use one of table, json, ndjson, csv"],
  [["--stats", "--count"], 2, "cannot be used with option"],
  [["--stats", "--fields"], 2, "cannot be used with option"],
  [["--stats", "service", "-n", "5"], 2, "cannot be used with option"],
  [["--interval", "5m"], 2, "--interval says what --stats counts"],
  [["--top", "5"], 2, "--top says what --stats counts"],
  [["--fields", "--of", "n"], 2, "--of goes with --stats"],
  [["--fields", "--top", "3"], 2, "--top goes with --fields and a name"],
  [["--fields", "message"], 2, "there is no list of values"],
  [["--stats", "service", "--severity", "loud"], 2, "--severity 'loud'"],
  [["--stats", "service", "--token", "nobody-made-this"], 4, "this token is not known here"],
])("logctl query %p is refused", async (args, code, message) => {
  await using app = await openTestApp();
  const result = await query(app, args);
  expect([result.code, result.out]).toEqual([code, ""]);
  expect(result.err).toContain(message);
  expect(result.err).toMatch(/^logctl: [^\n]+\n$/);
});

test("an answer that is none of a collector's is named as such", async () => {
  const fetch = async () => Response.json({ hello: "world" });
  for (const args of [["--stats", "service"], ["--fields"], ["--count"]]) {
    const result = await query({ fetch }, args);
    expect([result.code, result.out]).toEqual([1, ""]);
    expect(result.err).toContain("is --url a logctl collector?");
  }
});
