import { describe, expect, jest, test } from "bun:test";
import { openConnection } from "../../../src/client/connection.ts";
import { postRecords } from "../../../src/client/post-records.ts";
import { answerErrorWith } from "../../support/fake-collector.ts";

const RECORDS = ['{"message":"a"}', '{"message":"b"}'];

function post(fetch: (request: Request) => Promise<Response>, records = RECORDS, signal = new AbortController().signal) {
  const connection = openConnection({ baseUrl: "http://127.0.0.1:8000", token: "secret", fetch, signal });
  return postRecords(connection, records, { idempotencyKey: "key-1", signal, timeoutMs: 1000, graceMs: 100 });
}

const answered = (status: number, body: unknown) => () => Promise.resolve(Response.json(body, { status }));
const stored = { accepted: 2, rejected: 0, errors: [] };
const refusal = (index: number) => ({ index, code: "missing_message", field: "message", message: "no message" });

/** Answers only when the request is given up. */
const hang = (request: Request) =>
  new Promise<Response>((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));

describe("postRecords", () => {
  test("sends one record a line, with the token and the key", async () => {
    let sent: Request | undefined;
    await post((request) => {
      sent = request;
      return answered(200, stored)();
    });
    expect(sent?.method).toBe("POST");
    expect(sent?.url).toBe("http://127.0.0.1:8000/logs");
    expect(sent?.headers.get("authorization")).toBe("Token secret");
    expect(sent?.headers.get("idempotency-key")).toBe("key-1");
    expect(sent?.headers.get("content-type")).toBe("application/x-ndjson");
    expect(await sent?.text()).toBe(RECORDS.join("\n"));
  });

  test("sends a record alone as an array, so that its 'logs' are not taken for a batch", async () => {
    let sent: Request | undefined;
    await post(
      (request) => {
        sent = request;
        return answered(200, { accepted: 1, rejected: 0, errors: [] })();
      },
      ['{"msg":"m","logs":[]}'],
    );
    expect(sent?.headers.get("content-type")).toBe("application/json");
    expect(await sent?.text()).toBe('[{"msg":"m","logs":[]}]');
  });

  test.each([
    [200, stored],
    [207, { accepted: 1, rejected: 1, errors: [refusal(1)] }],
    [400, { accepted: 0, rejected: 2, errors: [refusal(0), refusal(1)] }],
  ])("reads the answer of a %d", async (status, body) => {
    expect(await post(answered(status, body))).toEqual({ kind: "answered", answer: body as never });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])("says that a %d may be tried again", async (status) => {
    const attempt = await post(() => Promise.resolve(answerErrorWith(status, "overloaded", "busy", { "retry-after": "7" })));
    expect(attempt.kind).toBe("failed");
    expect(attempt.kind === "failed" && attempt.response?.headers.get("retry-after")).toBe("7");
    expect(attempt.kind === "failed" && attempt.error.code).toBe("overloaded");
  });

  test("says that a body is too large", async () => {
    expect((await post(() => Promise.resolve(answerErrorWith(413, "body_too_large", "too large")))).kind).toBe("too_large");
  });

  test("tells of a 429 that nothing was let in, and of a 503 that something may have been", async () => {
    const sent = async (status: number) => post(() => Promise.resolve(answerErrorWith(status, "overloaded", "busy")));
    expect(await sent(429)).toMatchObject({ kind: "failed", sent: false });
    expect(await sent(503)).toMatchObject({ kind: "failed", sent: true });
  });

  test.each([
    [401, "unauthorized"],
    [403, "forbidden"],
    [400, "invalid_idempotency_key"],
    [404, "not_found"],
    [415, "unsupported_encoding"],
    [422, "idempotency_conflict"],
    [501, "internal"],
  ])("says that a %d is for good", async (status, code) => {
    const attempt = await post(() => Promise.resolve(answerErrorWith(status, code, "no")));
    expect(attempt).toMatchObject({ kind: "refused", status, error: { code } });
  });

  test("does not take the answer of something else for the collector's", async () => {
    expect(await post(() => Promise.resolve(new Response("<html>welcome")))).toMatchObject({
      ...{ kind: "refused", status: 200 },
      error: { code: "unexpected_answer", message: expect.stringContaining("<html>welcome") },
    });
    // Nor one that speaks of another number of records.
    const other = await post(answered(200, { accepted: 1, rejected: 0, errors: [] }));
    expect(other).toMatchObject({ kind: "refused", error: { code: "unexpected_answer" } });
    expect(await post(answered(201, stored))).toMatchObject({ kind: "refused", error: { code: "unexpected_answer" } });
  });

  const STRANGE = [201, 202, 204, 206, 226, 304, 400, 402, 404, 405, 406, 407, 409, 410, 411, 412, 415, 416, 417, 418, 421, 422];
  test.each([...STRANGE, 423, 424, 426, 428, 431, 451, 501])(
    "takes a %d that is no collector's for none, be it a page, nothing, or the JSON of another program",
    async (status) => {
      const bodies = [
        "<html>default backend</html>",
        "",
        '{"error":"not found"}',
        '{"error":{"code":404,"message":"no"}}',
        '{"error":{"code":"NOT_FOUND","message":"no"}}',
        '{"error":{"code":"usage","message":"not a code of answers"}}',
        '{"accepted":1,"rejected":0,"errors":[]}',
        "[]",
      ];
      for (const body of bodies) {
        const attempt = await post(async () => new Response(status === 204 || status === 304 ? null : body, { status }));
        expect(attempt).toMatchObject({ kind: "refused", error: { code: "unexpected_answer" } });
      }
    },
  );

  test("splits what something before a collector finds too large, but lets it refuse no record", async () => {
    const tooLarge = async () => new Response("<html>413</html>", { status: 413 });
    expect((await post(tooLarge)).kind).toBe("too_large");
    expect(await post(tooLarge, ['{"message":"a"}'])).toMatchObject({ kind: "refused", error: { code: "unexpected_answer" } });
  });

  test.each([301, 302, 303, 307, 308])(
    "follows no %d, and says where it leads without what the address carries",
    async (status) => {
      const asked: string[] = [];
      const attempt = await post(async (request) => {
        asked.push(`${request.redirect} ${request.url}`);
        const location = "https://me:secret@other.test/logs?token=secret#x";
        return new Response("moved", { status, headers: { location } });
      });
      expect(asked).toEqual(["manual http://127.0.0.1:8000/logs"]);
      expect(attempt).toMatchObject({
        kind: "refused",
        error: {
          code: "unexpected_answer",
          message: `http://127.0.0.1:8000 is no collector: it redirects (${status}) to https://other.test/logs, which is not followed; give --url https://other.test/logs if the collector is there`,
        },
      });
    },
  );

  test("reads no answer without end", async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1_000_000;
        controller.enqueue(new Uint8Array(1_000_000).fill(32));
        // So that a reader who does not stop fails here, instead of never ending.
        if (pulled > 60_000_000) controller.close();
      },
    });
    expect(await post(async () => new Response(endless))).toMatchObject({
      ...{ kind: "refused", status: 0 },
      error: { code: "unexpected_answer", message: "the answer is larger than 16 MB; is --url a logctl collector?" },
    });
    expect(pulled).toBeLessThan(20_000_000);
  });

  test("says that nobody answered, and that an answer broke off", async () => {
    const nobody = await post(() => Promise.reject(new TypeError("refused")));
    expect(nobody).toMatchObject({ kind: "failed", sent: true, error: { code: "unreachable" } });
    const refuse = () => Promise.reject(Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" }));
    expect(await post(refuse)).toMatchObject({ kind: "failed", sent: false });
    expect("response" in nobody).toBe(false);
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    expect(await post(() => Promise.resolve(new Response(broken)))).toMatchObject({
      kind: "failed",
      error: { code: "unreachable", message: "the collector at http://127.0.0.1:8000 broke off its answer" },
    });
  });

  test("gives an attempt up after its time", async () => {
    jest.useFakeTimers();
    try {
      const attempt = post(hang);
      jest.advanceTimersByTime(1000);
      expect(await attempt).toMatchObject({ kind: "failed", error: { code: "unreachable" } });
    } finally {
      jest.useRealTimers();
    }
  });

  test("leaves an attempt under way a moment once interrupted, and uses the answer that still comes", async () => {
    const stop = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Response>();
    const attempt = post(() => promise, RECORDS, stop.signal);
    stop.abort();
    resolve(Response.json(stored));
    expect(await attempt).toEqual({ kind: "answered", answer: stored });
  });

  test("gives up after that moment, also where the interruption came first", async () => {
    jest.useFakeTimers();
    try {
      const stop = new AbortController();
      const attempt = post(hang, RECORDS, stop.signal);
      stop.abort();
      jest.advanceTimersByTime(100);
      await expect(attempt).rejects.toMatchObject({ code: "interrupted" });
      const late = post(hang, RECORDS, AbortSignal.abort());
      jest.advanceTimersByTime(100);
      await expect(late).rejects.toMatchObject({ code: "interrupted" });
    } finally {
      jest.useRealTimers();
    }
  });

  test("an answer that breaks off after an interruption is an interruption", async () => {
    const stop = new AbortController();
    const broken = new ReadableStream({
      pull: (controller) => {
        stop.abort();
        controller.error(new Error("reset"));
      },
    });
    await expect(post(() => Promise.resolve(new Response(broken)), RECORDS, stop.signal)).rejects.toMatchObject({
      code: "interrupted",
    });
  });
});
