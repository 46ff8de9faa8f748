import { describe, expect, test } from "bun:test";
import { countOf, errorOf, openTestApp, PAYMENTS, REPORTS, recordsOf, type TestApp } from "../support/app.ts";

const NOW = Date.parse("2026-11-24T12:00:00.000Z");

/** Five records of two services, received in this order, a second apart. */
async function fill(app: TestApp & { tick(): void }): Promise<void> {
  const records = [
    [REPORTS, { timestamp: "2026-11-24T10:00:00.000000001Z", severity: "INFO", message: "report generated", user_id: 42 }],
    [PAYMENTS, { timestamp: "2026-11-24T09:00:00Z", severity: "ERROR", message: "Payment timed out, gateway north" }],
    [REPORTS, { timestamp: "2026-11-24T11:00:00+01:00", severity: "WARNING", message: "slow query: timed and out" }],
    [PAYMENTS, { timestamp: 1763978400, severity: "CRITICAL", message: "ledger out of balance" }],
    [REPORTS, { message: "no time of its own", nested: { deep: ["needle here"] } }],
  ] as const;
  for (const [token, record] of records) {
    app.tick();
    expect((await app.post(JSON.stringify(record), { authorization: `Token ${token}` })).status).toBe(200);
  }
}

async function openFilledApp(): Promise<TestApp> {
  let nowMs = NOW;
  const app = await openTestApp({ now: () => nowMs });
  await fill({
    ...app,
    tick: () => {
      nowMs += 1000;
    },
  });
  return app;
}

async function ids(app: TestApp, query: string): Promise<number[]> {
  return (await recordsOf(app.get(`/logs${query}`))).map(({ id }) => id);
}

/** The same answer, copied piece by piece as a server sends it: a piece is used again once the next is asked for. */
async function copyOf(response: Response): Promise<Response> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of response.body as ReadableStream<Uint8Array>) pieces.push(new Uint8Array(piece));
  return new Response(Buffer.concat(pieces));
}

describe("GET /logs", () => {
  test("finds by every filter, inclusive at both ends", async () => {
    await using app = await openFilledApp();
    const cases: [string, number[]][] = [
      ["", [5, 4, 3, 2, 1]],
      ["?service=payments", [4, 2]],
      ["?service=payments&service=reports", [5, 4, 3, 2, 1]],
      ["?service=nobody", []],
      ["?severity=WARNING", [3]],
      ["?severity=warn&severity=error", [3, 2]],
      ["?min_severity=warn", [4, 3, 2]],
      ["?service=reports&severity=WARNING&limit=10&offset=0", [3]],
      ["?timestamp_start=2026-11-24T10:00:00.000000001Z&timestamp_end=2026-11-24T10:00:00.000000001Z", [1]],
      ["?timestamp_start=2026-11-24T10:00:00.000000002Z&timestamp_end=2026-11-24T11:00:00Z", []],
      ["?timestamp_start=2026-11-24T10:00:00Z&timestamp_end=2026-11-24T10:00:00Z", [3]],
      ["?timestamp_end=2026-11-24T09:00:00Z", [4, 2]],
      ["?timestamp_start=2026-11-24T11:00:00%2B01:00&timestamp_end=2026-11-24T11:00:00+01:00", [3]],
      ["?received_at_start=2026-11-24T12:00:02Z&received_at_end=2026-11-24T12:00:04Z", [4, 3, 2]],
      ["?q=TIMED+out", [3, 2]],
      ["?q=%22timed+out%22", [2]],
      ["?q=42", [1]],
      ["?q=user_id", []],
      ["?q=needle", [5]],
      ["?q=gener", []],
      ["?q=gener*", [1]],
      ["?q=user_id:42", [1]],
      ["?q=user_id%3E41+OR+nested.deep:needle", [5, 1]],
      ["?q=service:payments+-ledger", [2]],
      ["?q=severity:%3E%3Dwarn+/(timed%7Cledger).*(gateway%7Cbalance)/", [4, 2]],
      ["?q=timestamp%3C2026-11-24T10:00:00Z&service=payments&severity=error", [2]],
      ["?q=*&limit=1", [5]],
      ["?limit=2", [5, 4]],
      ["?limit=2&offset=1", [4, 3]],
      ["?offset=9", []],
      ["?order=asc&limit=2", [1, 2]],
      ["?sort=timestamp", [5, 1, 3, 2, 4]],
      ["?sort=timestamp&order=asc&limit=3", [4, 2, 3]],
    ];
    for (const [query, found] of cases) expect([query, await ids(app, query)]).toEqual([query, found]);
  });

  test("answers times in UTC with the precision that was sent", async () => {
    await using app = await openFilledApp();
    const records = await recordsOf(app.get("/logs?order=asc"));
    expect(records.map(({ timestamp }) => timestamp)).toEqual([
      "2026-11-24T10:00:00.000000001Z",
      "2026-11-24T09:00:00Z",
      "2026-11-24T10:00:00Z",
      "2025-11-24T10:00:00Z",
      "2026-11-24T12:00:05.000Z",
    ]);
  });

  test.each(["", "sort=timestamp&", "order=asc&", "sort=timestamp&order=asc&"])(
    "gives every record once, page by page (%s)",
    async (query) => {
      await using app = await openFilledApp();
      const whole = await ids(app, `?${query}limit=1000`);
      const paged: number[] = [];
      let next: string | undefined = `/logs?${query}limit=2`;
      while (next !== undefined) {
        const response: Response = await app.get(next);
        paged.push(...(await recordsOf(response)).map(({ id }) => id));
        next = /^<(.+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
      }
      expect(paged).toEqual(whole);
      expect(whole).toHaveLength(5);
    },
  );

  test("the next page leaves the offset behind and keeps the filters", async () => {
    await using app = await openFilledApp();
    const link = (await app.get("/logs?service=reports&limit=1&offset=1")).headers.get("link");
    expect(link).toBe('</logs?service=reports&limit=1&cursor=r3>; rel="next"');
  });

  test.each([
    ["application/x-ndjson", "application/x-ndjson"],
    ["text/csv", "text/csv; charset=utf-8"],
    ["application/json", "application/json"],
    ["text/html, */*;q=0.8", "application/json"],
    ["text/plain, application/x-ndjson;q=0.5", "application/x-ndjson"],
  ])("for Accept: %s answers %s", async (accept, type) => {
    await using app = await openFilledApp();
    const response = await app.get("/logs?limit=3", { accept });
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await response.text()).trim().split("\n")).toHaveLength(type.startsWith("text/csv") ? 4 : 3);
  });

  test("gives a page above 1 MiB, which is sent as it is made, whole and with its link, whatever comes meanwhile", async () => {
    await using app = await openTestApp();
    const text = "x".repeat(100_000);
    const post = (message: string) => app.post(JSON.stringify({ message }));
    for (let number = 1; number <= 30; number += 1) expect((await post(`${number} ${text}`)).status).toBe(200);
    const messages = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => `${from - i} ${text}`);
    const first = await app.get("/logs?limit=18");
    expect((await post("meanwhile")).status).toBe(200);
    expect(first.headers.get("link")).toBe('</logs?limit=18&cursor=r13>; rel="next"');
    expect((await recordsOf(copyOf(first))).map(({ message }) => message)).toEqual(messages(30, 13));
    const last = await app.get("/logs?limit=18&cursor=r13");
    expect(last.headers.get("link")).toBeNull();
    expect((await recordsOf(copyOf(last))).map(({ message }) => message)).toEqual(messages(12, 1));
    // Exactly as many as the page may have: whether there are more is not known.
    const ascending = await app.get("/logs?limit=31&order=asc");
    expect(ascending.headers.get("link")).toBe('</logs?limit=31&order=asc&cursor=r31>; rel="next"');
    expect((await recordsOf(copyOf(ascending))).map(({ id }) => id)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  });

  test("streams any number as NDJSON and CSV, and nothing as an empty answer", async () => {
    await using app = await openFilledApp();
    const ndjson = await app.get("/logs?limit=all", { accept: "application/x-ndjson" });
    expect((await ndjson.text()).trimEnd().split("\n")).toHaveLength(5);
    const many = await app.get("/logs?limit=5000000&q=absent", { accept: "application/x-ndjson" });
    expect([many.status, await many.text()]).toEqual([200, ""]);
    const csv = await app.get("/logs?q=absent", { accept: "text/csv" });
    expect(await csv.text()).toBe("id,timestamp,received_at,service,severity,message,attributes\r\n");
    expect(await (await app.get("/logs?q=absent")).text()).toBe("[]\n");
  });

  test("a reader that goes away early ends the search", async () => {
    await using app = await openFilledApp();
    const response = await app.get("/logs?limit=all", { accept: "application/x-ndjson" });
    await response.body?.cancel();
    expect(await ids(app, "?limit=1")).toEqual([5]);
  });

  test.each([
    ["foo=1", "invalid_parameter", "foo"],
    ["severity=LOUD", "invalid_parameter", "severity"],
    ["min_severity=", "invalid_parameter", "min_severity"],
    ["timestamp_start=yesterday", "invalid_parameter", "timestamp_start"],
    ["received_at_end=", "invalid_parameter", "received_at_end"],
    ["service=", "invalid_parameter", "service"],
    ["limit=0", "invalid_parameter", "limit"],
    ["limit=1001", "invalid_parameter", "limit"],
    ["limit=all", "invalid_parameter", "limit"],
    ["limit=1&limit=2", "invalid_parameter", "limit"],
    ["offset=-1", "invalid_parameter", "offset"],
    ["order=up", "invalid_parameter", "order"],
    ["sort=id", "invalid_parameter", "sort"],
    ["cursor=x", "invalid_parameter", "cursor"],
    ["cursor=r1&sort=timestamp", "invalid_parameter", "cursor"],
    ["cursor=t1.0.1", "invalid_parameter", "cursor"],
    ["q=%22open", "invalid_query", "q"],
    ["q=", "invalid_query", "q"],
    ["q=a+OR", "invalid_query", "q"],
    ["q=severity:loud", "invalid_query", "q"],
    ["q=/(a)%5C1/", "invalid_query", "q"],
    ["token=x", "token_in_url", "token"],
    ["Access_Token=x", "token_in_url", "Access_Token"],
  ])("refuses ?%s as %s, naming the parameter", async (query, code, field) => {
    await using app = await openTestApp();
    const response = await app.get(`/logs?${query}`);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code, field });
    expect(error.message).toContain(field);
  });

  test("a bad filter is refused for a stream and for a count alike", async () => {
    await using app = await openTestApp();
    expect((await app.get("/logs?severity=LOUD", { accept: "text/csv" })).status).toBe(400);
    expect((await app.get("/logs?limit=0", { accept: "text/csv" })).status).toBe(400);
    expect((await app.get("/logs/stats?severity=LOUD")).status).toBe(400);
    expect((await app.get("/logs/stats?limit=5")).status).toBe(400);
  });
});

test("GET /logs/stats counts what GET /logs finds", async () => {
  await using app = await openFilledApp();
  for (const query of [
    "",
    "?service=payments",
    "?q=out",
    "?min_severity=error",
    "?timestamp_start=2026-11-24T10:00:00Z",
    "?q=absent",
    "?q=service:payments+OR+severity:warn",
    "?q=-timed",
  ]) {
    expect([query, await countOf(app.get(`/logs/stats${query}`))]).toEqual([query, (await ids(app, query)).length]);
  }
});
