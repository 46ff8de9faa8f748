import { afterEach, describe, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import { type Connection, errorOfAnswer, openConnection } from "../../../src/client/connection.ts";
import { countRecords } from "../../../src/client/read/count-records.ts";
import { readRecords } from "../../../src/client/read/read-records.ts";
import { LogctlError } from "../../../src/errors.ts";

const NEVER = new AbortController().signal;
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n";

let listener: TCPSocketListener | undefined;

afterEach(() => {
  listener?.stop(true);
  listener = undefined;
});

/** A connection to a server that answers the first request with these bytes and then does what `then` says. */
function connectTo(bytes: string, then: (socket: Socket<unknown>) => void, signal = NEVER): Connection {
  listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.write(bytes);
        socket.flush();
        then(socket);
      },
    },
  });
  return openConnection({ baseUrl: `http://127.0.0.1:${listener.port}`, token: undefined, fetch, signal });
}

async function failureOf(work: Promise<unknown>): Promise<LogctlError> {
  const error = await work.then(
    (value) => expect.unreachable(`it gave ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LogctlError);
  return error as LogctlError;
}

async function read(connection: Connection, signal = NEVER): Promise<string[]> {
  const all: string[] = [];
  for await (const lines of readRecords(connection, new URLSearchParams(), signal)) all.push(...lines);
  return all;
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

describe("an answer over a real connection", () => {
  test.each([
    ["chunked", `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk('{"id":1}\n')}${chunk('{"id":2}\n')}${chunk("")}`],
    ["of a known length", `${HEAD}Content-Length: 18\r\n\r\n{"id":1}\n{"id":2}\n`],
    ["that ends with the connection", `${HEAD}Connection: close\r\n\r\n{"id":1}\n{"id":2}\n`],
  ])("%s that is whole is read to its end", async (_kind, bytes) => {
    expect(await read(connectTo(bytes, (socket) => socket.end()))).toEqual(['{"id":1}', '{"id":2}']);
  });

  test.each([
    ["chunked, cut between two chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk('{"id":1}\n')}`],
    ["chunked, cut within a chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\n40\r\n{"id":1}\n`],
    ["of a known length, cut at a line's end", `${HEAD}Content-Length: 18\r\n\r\n{"id":1}\n`],
    ["of a known length, cut within a line", `${HEAD}Content-Length: 18\r\n\r\n{"id":1}\n{"id"`],
    ["that ends with the connection, cut within a line", `${HEAD}Connection: close\r\n\r\n{"id":1}\n{"id"`],
  ])("%s is never taken for complete", async (_kind, bytes) => {
    const failure = await failureOf(read(connectTo(bytes, (socket) => socket.end())));
    expect(failure.code).toBe("unreachable");
    expect(failure.message).toContain("there may be more");
  });

  test("that is reset is never taken for complete", async () => {
    const bytes = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk('{"id":1}\n')}`;
    const failure = await failureOf(read(connectTo(bytes, (socket) => socket.terminate())));
    expect(failure.code).toBe("unreachable");
  });

  test("ends as interrupted, at once, where the signal is aborted while nothing comes", async () => {
    const stopping = new AbortController();
    const bytes = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk('{"id":1}\n')}`;
    const connection = connectTo(bytes, () => {}, stopping.signal);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const lines of readRecords(connection, new URLSearchParams(), stopping.signal)) {
        seen.push(...lines);
        stopping.abort();
      }
    })();
    expect((await failureOf(reading)).code).toBe("interrupted");
    expect(seen).toEqual(['{"id":1}']);
  });

  test("is no count where it is cut", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n";
    const connection = connectTo(`${head}{"count":4`, (socket) => socket.end());
    expect((await failureOf(countRecords(connection, new URLSearchParams(), NEVER))).code).toBe("unreachable");
  });
});

describe("a request", () => {
  test("carries the token and its own headers, and keeps method and body", async () => {
    let seen: Request | undefined;
    const answer = new Response("x", { status: 418 });
    const connection = openConnection({
      baseUrl: "http://logs.test/team",
      token: "secret",
      fetch: async (request) => {
        seen = request;
        return answer;
      },
      signal: NEVER,
    });
    expect(await connection.request("/logs", { method: "POST", body: "b", headers: { accept: "a/b" } })).toBe(answer);
    expect([seen?.method, seen?.url, await seen?.text()]).toEqual(["POST", "http://logs.test/team/logs", "b"]);
    expect([seen?.headers.get("accept"), seen?.headers.get("authorization")]).toEqual(["a/b", "Token secret"]);
  });

  test("carries no authorization without a token", async () => {
    let seen: Request | undefined;
    const fetch = async (request: Request) => {
      seen = request;
      return new Response();
    };
    await openConnection({ baseUrl: "http://logs.test", token: undefined, fetch, signal: NEVER }).request("/logs");
    expect(seen?.headers.has("authorization")).toBe(false);
  });

  test("that nobody answers is unreachable, and says what to look at", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const baseUrl = `http://127.0.0.1:${taken.port}`;
    taken.stop(true);
    const failure = await failureOf(openConnection({ baseUrl, token: "secret", fetch, signal: NEVER }).request("/logs"));
    expect(failure.code).toBe("unreachable");
    expect(failure.message).toBe(`no collector answers at ${baseUrl}: is it running (logctl serve), and is --url right?`);
    expect(failure.cause).toBeInstanceOf(Error);
  });

  test("is interrupted where the signal is aborted before it or while it waits", async () => {
    const connection = connectTo("", () => stopping.abort());
    const stopping = new AbortController();
    const { baseUrl } = connection;
    const waiting = openConnection({ baseUrl, token: undefined, fetch, signal: stopping.signal }).request("/logs");
    expect((await failureOf(waiting)).code).toBe("interrupted");
    const before = openConnection({ baseUrl, token: undefined, fetch, signal: AbortSignal.abort() }).request("/logs");
    expect((await failureOf(before)).code).toBe("interrupted");
  });
});

describe("the error of an answer", () => {
  const errorBody = (code: string, field?: string) => ({ error: { code, message: "no", ...(field && { field }) } });

  test.each([
    [Response.json(errorBody("invalid_parameter", "limit"), { status: 400 }), "invalid_parameter", "no"],
    [Response.json(errorBody("overloaded"), { status: 503 }), "overloaded", "no"],
    [
      Response.json(errorBody("unauthorized"), { status: 401 }),
      "unauthorized",
      "no (give a token by LOGCTL_TOKEN or --token-file)",
    ],
    [Response.json(errorBody("forbidden"), { status: 403 }), "forbidden", "no (logctl token list shows what each token may do)"],
  ])("of a collector is the one it names", async (response, code, message) => {
    expect(await errorOfAnswer(response)).toMatchObject({ code, message });
  });

  test("keeps the field at fault and the seconds to wait", async () => {
    const asked = Response.json(errorBody("overloaded", "q"), { status: 503, headers: { "retry-after": "7" } });
    expect(await errorOfAnswer(asked)).toMatchObject({ field: "q", retryAfterS: 7 });
    const date = Response.json(errorBody("overloaded"), { status: 503, headers: { "retry-after": new Date(0).toUTCString() } });
    const failure = await errorOfAnswer(date);
    expect([failure.field, failure.retryAfterS]).toEqual([undefined, undefined]);
  });

  test.each([
    [401, "unauthorized"],
    [403, "forbidden"],
    [400, "unexpected_answer"],
    [502, "unexpected_answer"],
  ])("of something else that answers %d is %s, with the start of what it said on one line", async (status, code) => {
    const failure = await errorOfAnswer(new Response(`<html>\n\n  ${"x".repeat(500)}end`, { status }));
    expect(failure.code).toBe(code as typeof failure.code);
    expect(failure.message).toContain(`answered ${status}, which is no answer of a logctl collector: <html> xxx`);
    expect(failure.message).not.toContain("end");
    expect(failure.message).not.toContain("\n");
  });

  test("of a code that nobody knows is not taken over", async () => {
    const failure = await errorOfAnswer(Response.json(errorBody("sudo"), { status: 400 }));
    expect(failure.code).toBe("unexpected_answer");
  });

  test("of endless words is read to 64 KiB, and its reader leaves", async () => {
    let sent = 0;
    let left = false;
    const body = new ReadableStream({
      pull(controller) {
        sent += 10_000;
        controller.enqueue(new Uint8Array(10_000).fill(120));
        if (sent > 10_000_000) controller.close();
      },
      cancel() {
        left = true;
      },
    });
    const failure = await errorOfAnswer(new Response(body, { status: 502 }));
    expect(failure.code).toBe("unexpected_answer");
    expect(sent).toBeLessThan(200_000);
    expect(left).toBe(true);
  });

  test("that breaks off is unreachable, with what was behind it", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new TypeError("reset"));
      },
    });
    const failure = await errorOfAnswer(new Response(body, { status: 503 }));
    expect(failure).toBeInstanceOf(LogctlError);
    expect(failure.code).toBe("unreachable");
    expect(failure.message).toBe("the collector broke off its answer of status 503");
    expect(failure.cause).toBeInstanceOf(TypeError);
  });
});
