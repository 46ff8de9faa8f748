import { describe, expect, test } from "bun:test";
import { fieldsAnswerSchema, groupsAnswerSchema } from "../../src/schema/api.ts";
import { errorOf, openTestApp, PAYMENTS, REPORTS, type TestApp } from "../support/app.ts";

const NOW = Date.parse("2026-11-24T12:00:00.000Z");

/** Six records of two services, in two minutes, received a second apart. */
async function openFilledApp(): Promise<TestApp> {
  let nowMs = NOW;
  const app = await openTestApp({ now: () => nowMs });
  const records = [
    [REPORTS, { timestamp: "2026-11-24T10:00:00.5Z", severity: "INFO", message: "a", ms: 10, http: { status: 200 } }],
    [REPORTS, { timestamp: "2026-11-24T10:00:59.999999999Z", severity: "INFO", message: "b", ms: 20, http: { status: 500 } }],
    [REPORTS, { timestamp: "2026-11-24T10:01:00Z", severity: "ERROR", message: "c", ms: 30, count: 7 }],
    [PAYMENTS, { timestamp: "2026-11-24T10:01:30Z", severity: "INFO", message: "d", ms: "40", http: { status: 200 } }],
    [PAYMENTS, { timestamp: "2026-11-24T09:00:00Z", severity: "WARNING", message: "e", "a/b %": "x" }],
    [REPORTS, { timestamp: "2026-11-24T10:01:30Z", severity: "INFO", message: "f", ms: -1.5 }],
  ] as const;
  for (const [token, record] of records) {
    nowMs += 1000;
    expect((await app.post(JSON.stringify(record), { authorization: `Token ${token}` })).status).toBe(200);
  }
  return app;
}

async function groupsOf(app: TestApp, query: string) {
  const response = await app.get(`/logs/stats?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return groupsAnswerSchema.strict().parse(await response.json());
}

describe("GET /logs/stats", () => {
  test("counts by service, severity and attributes, the largest group first", async () => {
    await using app = await openFilledApp();
    expect(await groupsOf(app, "by=service,severity")).toEqual({
      count: 6,
      groups: [
        { service: "reports", severity: "INFO", count: 3 },
        { service: "payments", severity: "INFO", count: 1 },
        { service: "payments", severity: "WARN", count: 1 },
        { service: "reports", severity: "ERROR", count: 1 },
      ],
    });
    expect(await groupsOf(app, "by=http.status&by=service&service=reports")).toEqual({
      count: 4,
      groups: [
        { "http.status": null, service: "reports", count: 2 },
        { "http.status": 200, service: "reports", count: 1 },
        { "http.status": 500, service: "reports", count: 1 },
      ],
    });
    expect((await groupsOf(app, "by=attributes.count&min_severity=error")).groups).toEqual([{ "attributes.count": 7, count: 1 }]);
  });

  test("counts by time, aligned to UTC, the earliest first, by either clock", async () => {
    await using app = await openFilledApp();
    expect(await groupsOf(app, "interval=1m&q=a")).toEqual({ count: 1, groups: [{ time: "2026-11-24T10:00:00Z", count: 1 }] });
    expect((await groupsOf(app, "interval=1m&by=severity&service=reports")).groups).toEqual([
      { time: "2026-11-24T10:00:00Z", severity: "INFO", count: 2 },
      { time: "2026-11-24T10:01:00Z", severity: "ERROR", count: 1 },
      { time: "2026-11-24T10:01:00Z", severity: "INFO", count: 1 },
    ]);
    expect((await groupsOf(app, "interval=1d")).groups).toEqual([{ time: "2026-11-24T00:00:00Z", count: 6 }]);
    expect((await groupsOf(app, "interval=2s&time=received_at")).groups).toEqual([
      { time: "2026-11-24T12:00:00Z", count: 1 },
      { time: "2026-11-24T12:00:02Z", count: 2 },
      { time: "2026-11-24T12:00:04Z", count: 2 },
      { time: "2026-11-24T12:00:06Z", count: 1 },
    ]);
  });

  test("gives the largest groups and the number of all others, with an interval over all times", async () => {
    await using app = await openFilledApp();
    expect(await groupsOf(app, "by=service,severity&top=1")).toEqual({
      count: 6,
      groups: [{ service: "reports", severity: "INFO", count: 3 }],
      other: 3,
    });
    expect(await groupsOf(app, "by=service&top=1&interval=1h")).toEqual({
      count: 6,
      groups: [{ time: "2026-11-24T10:00:00Z", service: "reports", count: 4 }],
      other: 2,
    });
    expect((await groupsOf(app, "by=service&top=10000")).other).toBe(0);
  });

  test("sums up the numbers of an attribute, and tells how many different values another has", async () => {
    await using app = await openFilledApp();
    expect((await groupsOf(app, "by=service&of=ms&distinct=http.status")).groups).toEqual([
      {
        ...{ service: "reports", count: 4, values: 4, sum: 58.5, min: -1.5, max: 30, avg: 14.625 },
        ...{ p50: 10, p90: 30, p95: 30, p99: 30, percentile_error: 0, distinct: 2, distinct_error: 0 },
      },
      {
        ...{ service: "payments", count: 2, values: 0, sum: 0, min: null, max: null, avg: null },
        ...{ p50: null, p90: null, p95: null, p99: null, percentile_error: 0, distinct: 1, distinct_error: 0 },
      },
    ]);
    expect((await groupsOf(app, "distinct=severity")).groups).toEqual([{ count: 6, distinct: 3, distinct_error: 0 }]);
  });

  test("states the error of what is not exact", async () => {
    await using app = await openTestApp();
    const body = Array.from({ length: 12_000 }, (_, i) => JSON.stringify({ message: "m", n: i + 1 })).join("\n");
    expect((await app.post(body)).status).toBe(200);
    const [group] = (await groupsOf(app, "of=n")).groups;
    expect(group).toMatchObject({ values: 12_000, sum: 72_006_000, min: 1, max: 12_000, percentile_error: 0.01 });
    expect(Math.abs((group?.["p90"] as number) - 10_800)).toBeLessThanOrEqual(108);
  });

  test("answers CSV where it is asked for", async () => {
    await using app = await openFilledApp();
    const response = await app.get("/logs/stats?by=service&interval=1h&top=1", { accept: "text/csv" });
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(await response.text()).toBe("time,service,count\r\n2026-11-24T10:00:00Z,reports,4\r\n,(other),2\r\n");
    expect(await (await app.get("/logs/stats", { accept: "text/csv" })).text()).toBe("count\r\n6\r\n");
  });

  test("refuses more groups than fit into an answer, and says what to do", async () => {
    await using app = await openTestApp();
    const body = Array.from({ length: 10_001 }, (_, i) => JSON.stringify({ message: "m", n: i })).join("\n");
    expect((await app.post(body)).status).toBe(200);
    const response = await app.get("/logs/stats?by=n");
    expect(response.status).toBe(422);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "too_many_groups", field: "by" });
    expect(error.message).toContain("top");
    expect(await groupsOf(app, "by=n&top=1")).toEqual({ count: 10_001, groups: [{ n: 0, count: 1 }], other: 10_000 });
  });

  test.each([
    ["by=", "by", "'' is nothing to group by"],
    ["by=service,", "by", "'' is nothing to group by"],
    ["by=message", "by", "'message' is nothing to group by"],
    ["by=id", "by", "an attribute of this name is attributes.id"],
    ["by=count", "by", "write attributes.count"],
    ["by=time", "by", "write attributes.time"],
    ["by=p99", "by", "write attributes.p99"],
    ["by=a,b,a", "by", "'a' is given twice"],
    ["by=a,b,c,d,e,f,g,h,i", "by", "9 fields are too many"],
    ["interval=0s", "interval", "'0s' is no interval"],
    ["interval=5", "interval", "'5' is no interval"],
    ["interval=1w", "interval", "'1w' is no interval"],
    ["interval=367d", "interval", "'367d' is no interval"],
    ["interval=1m&interval=2m", "interval", "more than once"],
    ["interval=1m&time=id", "time", "use timestamp or received_at"],
    ["time=timestamp", "time", "give interval"],
    ["top=5", "top", "give by"],
    ["by=a&top=0", "top", "a number from 1 to 10000"],
    ["by=a&top=10001", "top", "a number from 1 to 10000"],
    ["of=severity", "of", "'severity' is no attribute"],
    ["of=", "of", "'' is no attribute"],
    ["distinct=message", "distinct", "'message' is nothing"],
    ["by=a&limit=5", "limit", "no such parameter"],
    ["by=a&severity=LOUD", "severity", "'LOUD' is no severity"],
  ])("refuses ?%s, naming %s", async (query, field, message) => {
    await using app = await openTestApp();
    const response = await app.get(`/logs/stats?${query}`);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "invalid_parameter", field });
    expect(error.message).toContain(message);
  });
});

describe("GET /logs/fields", () => {
  test("names the fields, and in how many records each is", async () => {
    await using app = await openFilledApp();
    const read = async (query: string) => {
      const { count, exact, sampled, fields } = fieldsAnswerSchema
        .strict()
        .parse(await (await app.get(`/logs/fields${query}`)).json());
      return [
        count,
        exact,
        sampled,
        ...fields.map((field) => `${field.name} ${field.count}${field.built_in ? " built in" : ""}`),
      ];
    };
    const builtIn = (count: number) =>
      ["id", "timestamp", "received_at", "service", "severity", "message"].map((name) => `${name} ${count} built in`);
    expect(await read("")).toEqual([6, true, 6, ...builtIn(6), "ms 5", "http.status 3", "a/b % 1", "count 1"]);
    expect(await read("?service=payments")).toEqual([2, true, 2, ...builtIn(2), "a/b % 1", "http.status 1", "ms 1"]);
    expect(await read("?q=absent")).toEqual([0, true, 0, ...builtIn(0)]);
  });

  test("lists the values of one, the most frequent first, those that have none as null", async () => {
    await using app = await openFilledApp();
    const read = async (path: string) => groupsAnswerSchema.strict().parse(await (await app.get(`/logs/fields/${path}`)).json());
    expect(await read("http.status")).toEqual({
      count: 6,
      groups: [
        { value: null, count: 3 },
        { value: 200, count: 2 },
        { value: 500, count: 1 },
      ],
      other: 0,
    });
    expect(await read("severity?top=1&service=reports")).toEqual({ count: 4, groups: [{ value: "INFO", count: 3 }], other: 1 });
    expect((await read("a%2Fb%20%25?severity=warn")).groups).toEqual([{ value: "x", count: 1 }]);
    expect((await read("count?min_severity=error")).groups).toEqual([{ value: 7, count: 1 }]);
    const csv = await app.get("/logs/fields/service", { accept: "text/csv" });
    expect(await csv.text()).toBe("value,count\r\nreports,4\r\npayments,2\r\n");
  });

  test.each([
    ["/logs/fields?top=5", 400, "top"],
    ["/logs/fields?q=%22open", 400, "q"],
    ["/logs/fields/a?top=0", 400, "top"],
    ["/logs/fields/a?limit=1", 400, "limit"],
    ["/logs/fields/message", 400, "name"],
    ["/logs/fields/%E0%A4%A", 400, "name"],
    ["/logs/field", 404, undefined],
  ])("refuses %s", async (path, status, field) => {
    await using app = await openTestApp();
    const response = await app.get(path);
    const error = await errorOf(response);
    expect([response.status, error.field]).toEqual([status, field]);
  });

  test("takes GET only", async () => {
    await using app = await openTestApp();
    for (const path of ["/logs/fields", "/logs/fields/a", "/logs/stats"]) {
      const response = await app.fetch(new Request(`http://localhost${path}`, { method: "POST", body: "{}" }));
      expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, "GET, HEAD"]);
    }
  });
});
