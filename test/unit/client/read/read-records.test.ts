import { describe, expect, test } from "bun:test";
import { type Connection, openConnection } from "../../../../src/client/connection.ts";
import { countRecords } from "../../../../src/client/read/count-records.ts";
import { readRecords } from "../../../../src/client/read/read-records.ts";
import { readServerAddress } from "../../../../src/client/server-address.ts";
import { LogctlError } from "../../../../src/errors.ts";

const NDJSON = { "content-type": "application/x-ndjson" };
const NEVER = new AbortController().signal;

function connect(answer: (request: Request) => Response | Promise<Response>, signal = NEVER): Connection {
  return openConnection({ baseUrl: "http://logs.test", token: "t", fetch: async (request) => answer(request), signal });
}

function streamOf(pieces: (string | Uint8Array | Error)[]): ReadableStream {
  const waiting = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const next = waiting.shift();
      if (next === undefined) controller.close();
      else if (next instanceof Error) controller.error(next);
      else controller.enqueue(typeof next === "string" ? new TextEncoder().encode(next) : next);
    },
  });
}

async function read(connection: Connection, signal = NEVER): Promise<string[][]> {
  const batches: string[][] = [];
  for await (const lines of readRecords(connection, new URLSearchParams({ limit: "all" }), signal)) batches.push(lines);
  return batches;
}

async function failureOf(work: Promise<unknown>): Promise<LogctlError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LogctlError);
  return error as LogctlError;
}

describe("reading records", () => {
  test("gives lines in batches as they arrive, however they are cut", async () => {
    const pieces = ['{"id":1}\n{"i', 'd":2}\n{"id":3', "}", "\n", ""];
    expect(await read(connect(() => new Response(streamOf(pieces), { headers: NDJSON })))).toEqual([
      ['{"id":1}'],
      ['{"id":2}'],
      ['{"id":3}'],
    ]);
    const bytes = new TextEncoder().encode('{"m":"é😀"}\n');
    const oneByOne = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await read(connect(() => new Response(streamOf(oneByOne), { headers: NDJSON })))).toEqual([['{"m":"é😀"}']]);
    expect(await read(connect(() => new Response("", { headers: NDJSON })))).toEqual([]);
  });

  test("asks for a stream, with the token", async () => {
    let asked: Request | undefined;
    await read(
      connect((request) => {
        asked = request;
        return new Response("", { headers: NDJSON });
      }),
    );
    expect([asked?.url, asked?.headers.get("accept"), asked?.headers.get("authorization")]).toEqual([
      "http://logs.test/logs?limit=all",
      "application/x-ndjson",
      "Token t",
    ]);
  });

  test.each([
    ["the connection breaks", [`{"id":1}\n{"id":2}\n`, new Error("reset")], "after 2 records"],
    ["the last line has no end", ['{"id":1}\n{"id":2'], "after 1 record:"],
  ])("never takes an answer for complete where %s", async (_what, pieces, message) => {
    const failure = await failureOf(read(connect(() => new Response(streamOf(pieces), { headers: NDJSON }))));
    expect([failure.code, failure.message]).toEqual(["unreachable", expect.stringContaining(message)]);
  });

  test("says what else is wrong with an answer", async () => {
    const page = new Response("<html>hello</html>", { headers: { "content-type": "text/html" } });
    expect((await failureOf(read(connect(() => page)))).code).toBe("unexpected_answer");
    const refusal = Response.json({ error: { code: "forbidden", message: "not you" } }, { status: 403 });
    expect(await failureOf(read(connect(() => refusal)))).toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("not you"),
    });
    const proxy = new Response("<h1>Bad Gateway</h1>", { status: 502 });
    expect(await failureOf(read(connect(() => proxy)))).toMatchObject({
      code: "unexpected_answer",
      message: expect.stringContaining("502"),
    });
    const endless = new Response(streamOf(["x".repeat(2_200_000)]), { headers: NDJSON });
    expect((await failureOf(read(connect(() => endless)))).code).toBe("unexpected_answer");
    const cut = new Response(streamOf([new Error("reset")]), { status: 500 });
    expect((await failureOf(read(connect(() => cut)))).code).toBe("unreachable");
    expect((await failureOf(read(connect(() => Promise.reject(new Error("refused")))))).code).toBe("unreachable");
  });

  test("ends as interrupted once it is told to", async () => {
    const stopping = new AbortController();
    const silent = new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"id":1}\n')),
      }),
      { headers: NDJSON },
    );
    const reading = failureOf(
      (async () => {
        for await (const _ of readRecords(
          connect(() => silent, stopping.signal),
          new URLSearchParams(),
          stopping.signal,
        ))
          stopping.abort();
      })(),
    );
    expect((await reading).code).toBe("interrupted");
    const aborted = connect(() => Promise.reject(new Error("aborted")), stopping.signal);
    expect((await failureOf(read(aborted, stopping.signal))).code).toBe("interrupted");
  });
});

describe("counting records", () => {
  test("gives the number that the collector answers", async () => {
    let url = "";
    const connection = connect((request) => {
      url = request.url;
      return Response.json({ count: 42 });
    });
    expect(await countRecords(connection, new URLSearchParams({ service: "a b" }), NEVER)).toBe(42);
    expect(url).toBe("http://logs.test/logs/stats?service=a+b");
  });

  test("refuses what is no count", async () => {
    for (const answer of [() => Response.json({ total: 1 }), () => new Response("hello")]) {
      expect((await failureOf(countRecords(connect(answer), new URLSearchParams(), NEVER))).code).toBe("unexpected_answer");
    }
    const refusal = () => Response.json({ error: { code: "unauthorized", message: "who?" } }, { status: 401 });
    expect((await failureOf(countRecords(connect(refusal), new URLSearchParams(), NEVER))).code).toBe("unauthorized");
    const stopping = new AbortController();
    stopping.abort();
    const broken = () => new Response(streamOf([new Error("gone")]));
    expect((await failureOf(countRecords(connect(broken), new URLSearchParams(), stopping.signal))).code).toBe("interrupted");
  });
});

describe("the collector's address", () => {
  test.each([
    ["http://127.0.0.1:8000", "http://127.0.0.1:8000"],
    ["http://127.0.0.1:8000/", "http://127.0.0.1:8000"],
    ["http://127.0.0.1:8000/logs", "http://127.0.0.1:8000"],
    ["http://127.0.0.1:8000/logs/", "http://127.0.0.1:8000"],
    ["https://logs.test/team/logs", "https://logs.test/team"],
    ["http://[::1]:8000", "http://[::1]:8000"],
  ])("of %s is %s", (text, base) => {
    expect(readServerAddress(text)).toBe(base);
  });

  test.each(["", "logs.test", "ftp://logs.test", "http://user:secret@logs.test", "http://logs.test?token=secret", "http://"])(
    "is not %j",
    (text) => {
      expect(() => readServerAddress(text)).toThrow("--url");
      expect(() => readServerAddress(text)).not.toThrow("secret");
    },
  );

  test.each([
    ["ftp://me:secret@logs.test", "ftp://...@logs.test"],
    ["me:secret@logs.test:8000", "...@logs.test:8000"],
    ["http//me:secret@logs.test", "...@logs.test"],
    ["ftp://me:a@b?secret#c@logs.test", "ftp://...@logs.test"],
    ["ftp://logs.test?token=secret", "ftp://logs.test?..."],
    ["logs.test#secret", "logs.test?..."],
  ])("is shown without what it carries: %s", (text, shown) => {
    expect(() => readServerAddress(text)).toThrow(`--url '${shown}' is no address of a collector`);
  });
});
