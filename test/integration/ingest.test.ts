import { describe, expect, test } from "bun:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import type { StoredRecord } from "../../src/schema/api.ts";
import { ingestAnswerOf, numberedLines, openTestApp, PAYMENTS, REPORTS, recordsOf, type TestApp } from "../support/app.ts";

function stored(app: TestApp): Promise<StoredRecord[]> {
  return recordsOf(app.get("/logs?limit=1000"));
}

describe("POST /logs", () => {
  test("stores one object and answers 200 with what became of it", async () => {
    await using app = await openTestApp({ now: () => Date.parse("2026-11-24T10:00:00.500Z") });
    const record = {
      timestamp: "2026-11-24T09:00:00Z",
      service: "reports",
      severity: "WARNING",
      message: "disk is full",
      disk: "sda",
    };
    const response = await app.post(JSON.stringify(record), { "content-type": "application/json" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ accepted: 1, rejected: 0, errors: [] });
    expect(await stored(app)).toEqual([
      {
        id: 1,
        timestamp: "2026-11-24T09:00:00Z",
        received_at: "2026-11-24T10:00:00.500Z",
        service: "reports",
        severity: "WARN",
        message: "disk is full",
        attributes: { disk: "sda" },
      },
    ]);
  });

  test.each([
    ["an array", JSON.stringify([{ message: "a" }, { message: "b" }])],
    ["NDJSON", '{"message":"a"}\n{"message":"b"}\n'],
    ["a wrapped list", JSON.stringify({ logs: [{ message: "a" }, { message: "b" }] })],
  ])("stores %s, newest first on reading", async (_what, body) => {
    await using app = await openTestApp();
    expect(await (await app.post(body, { "content-type": "text/plain" })).json()).toMatchObject({ accepted: 2 });
    expect((await stored(app)).map(({ message }) => message)).toEqual(["b", "a"]);
  });

  test("PUT does the same", async () => {
    await using app = await openTestApp();
    const headers = { authorization: `Token ${REPORTS}`, host: "localhost" };
    const response = await app.fetch(new Request("http://localhost/logs", { method: "PUT", body: '{"message":"put"}', headers }));
    expect(response.status).toBe(200);
    expect(await stored(app)).toMatchObject([{ message: "put" }]);
  });

  test("of a batch of 1000 with three bad items it stores the other 997 and names the three", async () => {
    await using app = await openTestApp();
    const items: unknown[] = Array.from({ length: 1000 }, (_, i) => ({ message: `record ${i}` }));
    items[0] = { message: " " };
    items[500] = { message: "m", timestamp: "soon" };
    items[999] = "text";
    const response = await app.post(JSON.stringify(items));
    expect(response.status).toBe(207);
    expect(await response.json()).toEqual({
      accepted: 997,
      rejected: 3,
      errors: [
        { index: 0, code: "missing_message", field: "message", message: expect.stringContaining("missing or blank") },
        { index: 500, code: "invalid_timestamp", field: "timestamp", message: expect.stringContaining("ISO 8601") },
        { index: 999, code: "not_an_object", field: null, message: expect.stringContaining("JSON object") },
      ],
    });
    expect(await (await app.get("/logs/stats")).json()).toEqual({ count: 997 });
  });

  test("answers 400 where nothing was stored, and 200 for an empty list", async () => {
    await using app = await openTestApp();
    const refused = await app.post('{"message":""}');
    expect([refused.status, await refused.json()]).toMatchObject([400, { accepted: 0, rejected: 1 }]);
    const broken = await app.post("{not json");
    expect([broken.status, await broken.json()]).toMatchObject([
      400,
      { rejected: 1, errors: [{ index: 0, code: "invalid_json" }] },
    ]);
    const empty = await app.post("[]");
    expect([empty.status, await empty.json()]).toEqual([200, { accepted: 0, rejected: 0, errors: [] }]);
    expect(await stored(app)).toEqual([]);
  });

  test("names ten thousand refused items and counts the rest", async () => {
    await using app = await openTestApp();
    const answer = await ingestAnswerOf(app.post(`[${"1,".repeat(10_001)}1]`));
    expect(answer).toMatchObject({ accepted: 0, rejected: 10_002, errors_omitted: 2 });
    expect(answer.errors).toHaveLength(10_000);
  });

  test("refuses another service than the token's, and stores nothing of it", async () => {
    await using app = await openTestApp();
    const response = await app.post('{"service":"payments","message":"m"}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ accepted: 0, errors: [{ code: "service_mismatch", field: "service" }] });
    expect(await stored(app)).toEqual([]);
    await app.post('{"message":"m"}', { authorization: `Bearer ${PAYMENTS}` });
    expect(await stored(app)).toMatchObject([{ service: "payments" }]);
  });

  test("requests that come at the same moment are all stored, each once", async () => {
    await using app = await openTestApp();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => app.post(numberedLines(20, i * 20))));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    const messages = (await stored(app)).map(({ message }) => message);
    expect(new Set(messages).size).toBe(1000);
  });
});

describe("a compressed body", () => {
  const text = numberedLines(500);
  const inTwo = (pack: (text: string) => Uint8Array) =>
    Buffer.concat([pack(`${numberedLines(250)}\n`), pack(numberedLines(250, 250))]);
  test.each([
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["GZIP", inTwo(gzipSync)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["deflate", inTwo(deflateSync)],
    ["deflate", inTwo(deflateRawSync)],
    ["deflate", Buffer.concat([deflateSync(""), deflateSync(text), deflateSync("")])],
    ["zstd", Bun.zstdCompressSync(text)],
    ["zstd", inTwo((part) => Bun.zstdCompressSync(part))],
    ["identity", Buffer.from(text)],
  ])("in %s is stored whole", async (encoding, body) => {
    await using app = await openTestApp();
    const response = await app.post(body, { "content-encoding": encoding });
    expect(await response.json()).toMatchObject({ accepted: 500 });
  });

  test.each([
    ["gzip", gzipSync(text).subarray(0, -3)],
    ["gzip", Buffer.from(text)],
    ["gzip", Buffer.concat([gzipSync(text), Buffer.from("garbage")])],
    ["deflate", deflateSync(text).subarray(0, -3)],
    ["deflate", deflateRawSync(text).subarray(0, -3)],
    ["deflate", Buffer.concat([deflateSync(text), Buffer.from("garbage")])],
    ["deflate", Buffer.concat([deflateRawSync(text), Buffer.from("garbage")])],
    ["deflate", Buffer.concat([deflateSync(text), deflateSync(text).subarray(0, -3)])],
    ["deflate", Buffer.concat([deflateSync(text), Buffer.alloc(1)])],
    ["zstd", Bun.zstdCompressSync(text).subarray(0, -3)],
    ["zstd", Buffer.from(text)],
  ])("that is no whole %s is refused, and nothing stored", async (encoding, body) => {
    await using app = await openTestApp();
    const response = await app.post(body, { "content-encoding": encoding });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_encoding" } });
    expect(await stored(app)).toEqual([]);
  });

  test("in an encoding nobody knows is answered 415", async () => {
    await using app = await openTestApp();
    const response = await app.post(text, { "content-encoding": "br" });
    expect([response.status, await response.json()]).toMatchObject([415, { error: { code: "unsupported_encoding" } }]);
  });

  test.each([
    ["gzip", (bytes: Uint8Array) => gzipSync(bytes)],
    ["deflate", (bytes: Uint8Array) => deflateSync(bytes)],
    ["zstd", (bytes: Uint8Array) => Bun.zstdCompressSync(bytes)],
  ])("that grows beyond the limit in %s is answered 413", async (encoding, compress) => {
    await using app = await openTestApp();
    const bomb = compress(new Uint8Array(65 * 1024 * 1024));
    const response = await app.post(new Uint8Array(bomb), { "content-encoding": encoding });
    expect([response.status, await response.json()]).toMatchObject([413, { error: { code: "body_too_large" } }]);
  });
});

describe("a body that is decoded in many steps", () => {
  const PADDING = "p".repeat(1000);
  const lines = (count: number) => Array.from({ length: count }, (_, i) => JSON.stringify({ message: `record ${i}`, PADDING }));

  test("is answered, and stored in its order, as a small one is", async () => {
    await using app = await openTestApp();
    const items = lines(6000);
    items[1234] = "garbage";
    items[5999] = '{"message":7}';
    const answer = await ingestAnswerOf(app.post(items.join("\n")));
    expect(answer).toMatchObject({ accepted: 5998, rejected: 2, errors: [{ index: 1234 }, { index: 5999 }] });
    const page = await recordsOf(app.get("/logs?order=asc&limit=3&offset=1233"));
    expect(page.map(({ id, message }) => [id, message])).toEqual([
      [1234, "record 1233"],
      [1235, "record 1235"],
      [1236, "record 1236"],
    ]);
  });

  test("stores nothing where it turns out to be no array, however late", async () => {
    await using app = await openTestApp();
    const response = await app.post(`[${lines(6000).join()}`);
    expect([response.status, await response.json()]).toMatchObject([400, { accepted: 0, rejected: 1, errors: [{ index: 0 }] }]);
    expect(await stored(app)).toEqual([]);
  });

  test("is stored once, however often it comes with its key", async () => {
    await using app = await openTestApp();
    const body = lines(3000).join("\n");
    const headers = { "idempotency-key": "large" };
    const answers = await Promise.all([1, 2, 3].map(() => ingestAnswerOf(app.post(body, headers))));
    answers.push(await ingestAnswerOf(app.post(body, headers)));
    expect(answers.map(({ accepted, duplicate = false }) => [accepted, duplicate])).toEqual([
      [3000, false],
      [3000, true],
      [3000, true],
      [3000, true],
    ]);
    expect(await (await app.get("/logs/stats")).json()).toEqual({ count: 3000 });
  });

  test("is given up where its client leaves, and nothing of it is stored", async () => {
    await using app = await openTestApp();
    const leaving = new AbortController();
    const body = lines(20_000).join("\n");
    const headers = { authorization: `Token ${REPORTS}`, host: "localhost" };
    const request = new Request("http://localhost/logs", { method: "POST", body, headers, signal: leaving.signal });
    const answer = app.fetch(request);
    setImmediate(() => leaving.abort());
    const response = await answer;
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "body_incomplete" } }]);
    expect([await stored(app), app.failures]).toEqual([[], []]);
  });

  test("is stored once where it is small, but takes long", async () => {
    await using app = await openTestApp();
    const body = `{"message":"first"}\n${"{}\n".repeat(50_000)}{"message":"last"}`;
    expect(await ingestAnswerOf(app.post(body))).toMatchObject({ accepted: 2, rejected: 50_000 });
    expect((await stored(app)).map(({ id, message }) => [id, message])).toEqual([
      [2, "last"],
      [1, "first"],
    ]);
  });
});

describe("a body that is too large or empty", () => {
  test("is answered 413 by its Content-Length alone", async () => {
    await using app = await openTestApp();
    const response = await app.post("{}", { "content-length": String(64 * 1024 * 1024 + 1) });
    expect([response.status, await response.json()]).toMatchObject([413, { error: { code: "body_too_large" } }]);
  });

  test("is answered 413 as soon as a stream has given too much", async () => {
    await using app = await openTestApp();
    let given = 0;
    const endless = new ReadableStream({
      pull(controller) {
        given += 1;
        controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
      },
    });
    expect((await app.post(endless)).status).toBe(413);
    expect(given).toBeLessThan(70);
  });

  test.each(["", " \n"])("is answered empty_body (%j)", async (body) => {
    await using app = await openTestApp();
    const response = await app.post(body);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "empty_body" } }]);
  });
});

describe("an Idempotency-Key", () => {
  const once = { "idempotency-key": "batch-1" };

  test("makes a retry harmless", async () => {
    await using app = await openTestApp();
    expect(await (await app.post(numberedLines(3), once)).json()).toEqual({ accepted: 3, rejected: 0, errors: [] });
    const retry = await app.post(numberedLines(3), once);
    expect([retry.status, await retry.json()]).toEqual([200, { accepted: 3, rejected: 0, errors: [], duplicate: true }]);
    expect(await stored(app)).toHaveLength(3);
  });

  test("answers a retry of a mixed batch as the first time, with its errors", async () => {
    await using app = await openTestApp();
    const first = await app.post('{"message":"a"}\n{"message":""}', once);
    const retry = await app.post('{"message":"a"}\n{"message":""}', once);
    expect([first.status, retry.status]).toEqual([207, 207]);
    expect(await retry.json()).toEqual({ ...(await ingestAnswerOf(first)), duplicate: true });
    expect(await stored(app)).toHaveLength(1);
  });

  test("stores once what is sent many times at the same moment", async () => {
    await using app = await openTestApp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ingestAnswerOf(app.post(numberedLines(5), once))));
    expect(answers.filter(({ duplicate }) => duplicate === true)).toHaveLength(19);
    expect(await stored(app)).toHaveLength(5);
  });

  test("with another body is answered 422, while the first is under way and later", async () => {
    await using app = await openTestApp();
    const [, conflict] = await Promise.all([app.post(numberedLines(1), once), app.post(numberedLines(2), once)]);
    expect([conflict.status, await conflict.json()]).toMatchObject([422, { error: { code: "idempotency_conflict" } }]);
    expect((await app.post(numberedLines(2), once)).status).toBe(422);
    expect(await stored(app)).toHaveLength(1);
  });

  test("belongs to its token: another service may use the same one", async () => {
    await using app = await openTestApp();
    await app.post(numberedLines(1), once);
    const other = await app.post(numberedLines(2), { ...once, authorization: `Token ${PAYMENTS}` });
    expect(await other.json()).toEqual({ accepted: 2, rejected: 0, errors: [] });
  });

  test("of a batch of which nothing was stored may be used again", async () => {
    await using app = await openTestApp();
    expect((await app.post('{"message":""}', once)).status).toBe(400);
    expect(await (await app.post('{"message":"m"}', once)).json()).toEqual({ accepted: 1, rejected: 0, errors: [] });
  });

  test.each(["", "k".repeat(256)])("that is empty or too long is refused", async (key) => {
    await using app = await openTestApp();
    const response = await app.post(numberedLines(1), { "idempotency-key": key });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "invalid_idempotency_key" } }]);
    expect((await app.post(numberedLines(1), { "idempotency-key": "k".repeat(255) })).status).toBe(200);
  });

  test("a batch sent twice without one is stored twice", async () => {
    await using app = await openTestApp();
    await app.post(numberedLines(1));
    await app.post(numberedLines(1));
    expect(await stored(app)).toHaveLength(2);
  });
});
