import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Collector, eventually, startCollector } from "../support/binary.ts";
import { sendRaw } from "../support/raw-http.ts";

const HOST = "Host: localhost\r\n";
const WRITER = `${HOST}Authorization: Token svc-reports-123\r\n`;
const RECORD = '{"message":"m"}';
/** Comes behind each case on the same connection: whether it is answered shows where the collector thinks it begins. */
const NEXT = `GET /health HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
/** Stands where no request is. */
const HIDDEN = `GET /hidden HTTP/1.1\r\n${HOST}\r\n`;
const BODY_TIMEOUT_S = 2;

let collector: Collector;

beforeAll(async () => {
  collector = await startCollector(["--body-timeout", String(BODY_TIMEOUT_S)]);
});

afterAll(() => collector[Symbol.asyncDispose]());

const get = (target: string, headers = HOST) => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;
const post = (headers: string, body = "") => `POST /logs HTTP/1.1\r\n${WRITER}${headers}\r\n${body}`;
const chunked = (body: string) => post("Transfer-Encoding: chunked\r\n", body);
const sized = (length: string, body: string) => post(`Content-Length: ${length}\r\n`, body);

async function countStored(): Promise<number> {
  return ((await (await fetch(`${collector.url}/logs/stats`)).json()) as { count: number }).count;
}

describe("what is no proper HTTP is refused, and nothing behind it is taken for a request", () => {
  test.each([
    ["no Host", "GET /health HTTP/1.1\r\n\r\n", [400]],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]],
    ["the start of TLS", `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${"A".repeat(50)}`, [400]],
    ["lines that end with LF alone", "GET /health HTTP/1.1\nHost: localhost\n\n", [505]],
    ["CR within a header", get("/health", `${HOST}X: a\rb\r\n`), [400]],
    ["NUL within a header", get("/health", `${HOST}X: a\0b\r\n`), [400]],
    ["NUL within the target", get("/hea\0lth"), [505]],
    ["a header that is folded", get("/health", `${HOST}X: a\r\n b\r\n`), [400]],
    ["a blank before the colon", post("Content-Length : 15\r\n", RECORD), [400]],
    ["headers beyond 16 KiB", get("/health", `${HOST}X: ${"a".repeat(20_000)}\r\n`), [431]],
    ["300 headers", get("/health", HOST + Array.from({ length: 300 }, (_, i) => `X${i}: a\r\n`).join("")), [431]],
    ["a method that there is not", `BREW /logs HTTP/1.1\r\n${HOST}\r\n`, []],
    ["a method in small letters", `get /health HTTP/1.1\r\n${HOST}\r\n`, []],
    ["both a length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), [400]],
    ["two lengths", post("Content-Length: 15\r\nContent-Length: 3\r\n", RECORD), [400]],
    ["a list of lengths", sized("15, 15", RECORD), [400]],
    ["a length with a sign", sized("+15", RECORD), [400]],
    ["a length below 0", sized("-1", RECORD), [400]],
    ["a length in hexadecimal", sized("0xf", RECORD), [400]],
    ["a length beyond all numbers", sized("99999999999999999999", RECORD), [400]],
    ["a transfer coding that there is not", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), [400]],
    ["chunks that are not the last coding", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), [400]],
    ["another transfer coding below chunks", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), [400]],
    ["a chunk's size that is no number", chunked(`fx\r\n${RECORD}\r\n0\r\n\r\n`), [400]],
    ["a chunk's size beyond all numbers", chunked(`FFFFFFFFFFFFFFFFF\r\n${RECORD}\r\n0\r\n\r\n`), [400]],
    ["chunks whose lines end with LF alone", chunked(`f\n${RECORD}\n0\n\n`), [400]],
    ["a chunk longer than its size", chunked(`f\r\n${RECORD}XX\r\n0\r\n\r\n`), [400]],
  ])("%s", async (_, request, statuses) => {
    const before = await countStored();
    const answer = await sendRaw(collector.url, request + NEXT);
    expect(answer.statuses).toEqual(statuses);
    expect(await countStored()).toBe(before);
  });

  // Bun refuses the trailer, but has given the body to the collector by then.
  test("chunks with a trailer, of which the record is stored all the same", async () => {
    const before = await countStored();
    const answer = await sendRaw(collector.url, chunked(`f\r\n${RECORD}\r\n0\r\nX: a\r\n\r\n`) + NEXT);
    expect(answer.statuses).toEqual([400]);
    expect(await eventually(async () => ((await countStored()) > before ? countStored() : undefined))).toBe(before + 1);
  });
});

describe("what is unusual, but proper, is answered, and the next request too", () => {
  test.each([
    ["two Hosts on loopback", get("/health", `${HOST}${HOST}`), 403],
    ["a field named by two dots, escaped", get("/logs/fields/%2e%2e"), 400],
    ["a field named by a dot, escaped", get("/logs/fields/%2E"), 400],
    ["an image in a page of another site", get("/logs", `${HOST}Sec-Fetch-Site: cross-site\r\n`), 403],
    ["a page of another origin of the same site", get("/health", `${HOST}Sec-Fetch-Site: same-site\r\n`), 403],
    ["a page of the collector itself", get("/health", `${HOST}Sec-Fetch-Site: same-origin\r\n`), 200],
    ["another Host on loopback", get("/health", "Host: evil.example\r\n"), 403],
    ["the page of another site", get("/logs", `${HOST}Origin: https://evil.example\r\n`), 403],
    ["a whole address as target", get("http://evil.example/health"), 200],
    ["a path that leads upwards", get("/../../etc/passwd"), 404],
    ["one that leads upwards in disguise", get("/..%2f..%2fetc%2fpasswd"), 404],
    ["a path with %00", get("/health%00"), 404],
    ["a path that is no text", get("/%ff%fe"), 404],
    ["a token in the address", get("/logs?token=svc-reports-123"), 400],
    ["a token in the address of what needs none", get("/health?access_token=x"), 400],
    ["TRACE", `TRACE /logs HTTP/1.1\r\n${HOST}\r\n`, 405],
    ["OPTIONS, as a browser asks for CORS", `OPTIONS /logs HTTP/1.1\r\n${HOST}Origin: http://localhost\r\n\r\n`, 405],
    ["a chunk with an extension", chunked(`f;a=b\r\n${RECORD}\r\n0\r\n\r\n`), 200],
    ["a body of many chunks", chunked(`${[...RECORD].map((c) => `1\r\n${c}\r\n`).join("")}0\r\n\r\n`), 200],
    ["GET with a body", `GET /health HTTP/1.1\r\n${HOST}Content-Length: 15\r\n\r\n${RECORD}`, 200],
    ["a request in the body of one that is refused", sized(String(HIDDEN.length), HIDDEN), 400],
    ["the same, of one without a token", `POST /logs HTTP/1.1\r\n${HOST}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`, 401],
    ["the same, of one to nowhere", `POST /no HTTP/1.1\r\n${HOST}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`, 404],
  ])("%s", async (_, request, status) => {
    const answer = await sendRaw(collector.url, request, { next: NEXT });
    expect(answer.statuses).toEqual([status, 200]);
    expect(answer.text).not.toContain("Access-Control");
    if (status >= 400) expect(answer.text).not.toContain("svc-reports-123");
  });

  test("HTTP/1.0, which has no Host, is answered and the connection closed", async () => {
    expect((await sendRaw(collector.url, "GET /health HTTP/1.0\r\n\r\n")).statuses).toEqual([200]);
  });

  test("who waits for 100 Continue is told to go on", async () => {
    const answer = await sendRaw(collector.url, post("Content-Length: 15\r\nConnection: close\r\nExpect: 100-continue\r\n"), {
      next: RECORD,
    });
    expect(answer.statuses).toEqual([100, 200]);
  });

  test("requests that overtake answers end the connection, and what was sent whole is stored", async () => {
    const before = await countStored();
    expect((await sendRaw(collector.url, sized("15", RECORD) + NEXT)).statuses).toEqual([]);
    expect((await sendRaw(collector.url, sized("15", RECORD), { halfClose: true })).statuses).toEqual([]);
    await eventually(async () => ((await countStored()) === before + 2 ? true : undefined));
    expect((await sendRaw(collector.url, get("/health"), { halfClose: true })).statuses).toEqual([200]);
  });

  test("a body that breaks off is stored in no part, and the collector's own log has nothing of it", async () => {
    const before = await countStored();
    for (const request of [sized("150", `${RECORD}\n`), chunked(`f\r\n${RECORD}\r\n`)]) {
      await sendRaw(collector.url, request, { halfClose: true });
    }
    expect(await countStored()).toBe(before);
    expect(collector.err()).not.toContain('"level":"error"');
  });
});

describe("who is slow on purpose is cut off, while others are served", () => {
  const SLOW = 20;

  test("with headers, after 12 s", async () => {
    const slow = Array.from({ length: SLOW }, () =>
      sendRaw(collector.url, `GET /health HTTP/1.1\r\n${HOST}`, {
        trickle: { text: "X: a\r\n", everyMs: 500 },
        withinMs: 20_000,
      }),
    );
    const startMs = performance.now();
    expect((await fetch(`${collector.url}/health`)).status).toBe(200);
    expect(performance.now() - startMs).toBeLessThan(1000);
    for (const { statuses, closedAfterMs } of await Promise.all(slow)) {
      expect(statuses).toEqual([]);
      expect(closedAfterMs).toBeLessThan(16_000);
    }
  }, 30_000);

  test.each([
    ["of a known length", sized("100000", "{"), "a", [408]],
    ["in chunks", chunked("1\r\n{\r\n"), "1\r\na\r\n", [408]],
    ["without a token", `POST /logs HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n{`, "a", [401]],
    ["to nowhere", `POST /no HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n{`, "a", [404]],
  ])(
    "with a body %s, after the time it may take",
    async (_, request, text, statuses) => {
      const slow = Array.from({ length: SLOW }, () =>
        sendRaw(collector.url, request, { trickle: { text, everyMs: 200 }, withinMs: 8000 }),
      );
      expect((await fetch(`${collector.url}/health`)).status).toBe(200);
      for (const answer of await Promise.all(slow)) {
        expect(answer.statuses).toEqual(statuses);
        expect(answer.closedAfterMs).toBeGreaterThan(BODY_TIMEOUT_S * 1000 - 100);
      }
    },
    15_000,
  );
});
