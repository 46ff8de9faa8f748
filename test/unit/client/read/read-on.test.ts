import { describe, expect, test } from "bun:test";
import { openConnection } from "../../../../src/client/connection.ts";
import { readOn } from "../../../../src/client/read/read-on.ts";
import { answerErrorWith } from "../../../support/fake-collector.ts";

const NDJSON = { "content-type": "application/x-ndjson" };
const NEVER = new AbortController().signal;

const lineOf = (id: number, timestamp = "2026-11-24T10:00:00.5Z") =>
  `${JSON.stringify({ id, timestamp, received_at: "2026-11-24T10:00:00.000Z", service: "a", severity: "INFO", message: `m${id}` })}\n`;

/** An answer of these pieces, that ends as one should, or breaks off. */
function answer(pieces: string[], isWhole: boolean): Response {
  const waiting = pieces.map((piece) => new TextEncoder().encode(piece));
  const body = new ReadableStream({
    pull(controller) {
      const piece = waiting.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (isWhole) controller.close();
      else controller.error(new TypeError("reset"));
    },
  });
  return new Response(body, { headers: NDJSON });
}

/** Reads all that one answer after another brings, with the waits between them. */
async function readAll(answers: (() => Response | Promise<Response>)[], parameters: Record<string, string>, signal = NEVER) {
  const asked: string[] = [];
  const waits: number[] = [];
  const ids: number[] = [];
  const fetch = async (request: Request) => {
    asked.push(new URL(request.url).search);
    const next = answers[asked.length - 1] ?? answers.at(-1);
    return (next as () => Response)();
  };
  const connection = openConnection({ baseUrl: "http://logs.test", token: "t", fetch, signal });
  const sleep = async (ms: number) => void waits.push(ms);
  let failure: unknown;
  try {
    for await (const lines of readOn(connection, new URLSearchParams(parameters), { signal, sleep, random: () => 1 })) {
      ids.push(...lines.map((line) => JSON.parse(line).id));
    }
  } catch (error) {
    failure = error;
  }
  return { asked, waits, ids, failure };
}

describe("an answer of records that breaks off", () => {
  test("goes on behind the last record that came whole, with what is left of the limit and no offset", async () => {
    const answers = [
      () => answer([lineOf(9), lineOf(8), lineOf(7).slice(0, 20)], false),
      () => answer([lineOf(7)], false),
      () => answer([lineOf(6), lineOf(5)], true),
    ];
    const read = await readAll(answers, { limit: "5", offset: "2", order: "desc" });
    expect(read).toEqual({
      ids: [9, 8, 7, 6, 5],
      asked: ["?limit=5&offset=2&order=desc", "?limit=3&order=desc&cursor=r8", "?limit=2&order=desc&cursor=r7"],
      waits: [],
      failure: undefined,
    });
  });

  test("goes on by timestamp where that is the order", async () => {
    const first = lineOf(3, "1969-12-31T23:59:59.123456789Z");
    const answers = [() => answer([first], false), () => answer([lineOf(1)], true)];
    // The record that came first has the larger id, and the earlier time.
    const { asked, ids } = await readAll(answers, { limit: "all", order: "asc", sort: "timestamp" });
    expect(asked[1]).toBe("?limit=all&order=asc&sort=timestamp&cursor=t-877.456789.3");
    expect(ids).toEqual([3, 1]);
  });

  test("is complete where all that was asked for had come", async () => {
    const { asked, ids, failure } = await readAll([() => answer([lineOf(1), lineOf(2)], false)], { limit: "2", order: "asc" });
    expect([asked.length, ids, failure]).toEqual([1, [1, 2], undefined]);
  });

  test("is asked for again while the collector starts anew, and its way to it is busy", async () => {
    const answers = [
      () => answer([lineOf(1)], false),
      () => Promise.reject(new TypeError("refused")),
      () => new Response("<html>bad gateway</html>", { status: 502 }),
      () => answerErrorWith(503, "overloaded", "busy"),
      () => answer([lineOf(2)], true),
    ];
    const { ids, waits, failure } = await readAll(answers, { limit: "all", order: "asc" });
    expect([ids, waits, failure]).toEqual([[1, 2], [250, 500, 1000], undefined]);
  });

  test("is told of as broken off, with how much came, where the collector stays away", async () => {
    const answers = [() => answer([lineOf(1), lineOf(2)], false), () => Promise.reject(new TypeError("refused"))];
    const { ids, asked, failure } = await readAll(answers, { limit: "all", order: "asc" });
    expect([ids, asked.length]).toEqual([[1, 2], 6]);
    expect(failure).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("after 2 records: there may be more"),
    });
  });

  test("is told of at once where nothing had come, or the token is let in no more", async () => {
    const nothing = await readAll([() => answer([], false)], { limit: "all" });
    expect([nothing.asked.length, nothing.failure]).toMatchObject([1, { code: "unreachable" }]);
    const refused = [() => answer([lineOf(1)], false), () => answerErrorWith(401, "unauthorized", "revoked")];
    const revoked = await readAll(refused, { limit: "all", order: "asc" });
    expect([revoked.asked.length, revoked.failure]).toMatchObject([2, { code: "unauthorized" }]);
  });

  test.each([
    ["asc", "received_at", [1, 2], [1, 2]],
    ["desc", "received_at", [5, 4], [5, 4]],
    ["asc", "timestamp", [1, 2], [1, 2]],
  ])("gives no record twice by a server that begins anew: %s by %s", async (order, sort, first, second) => {
    const answers = [first, second].map(
      (ids) => () =>
        answer(
          ids.map((id) => lineOf(id)),
          false,
        ),
    );
    const { ids, failure } = await readAll(answers, { limit: "all", order, sort });
    expect(ids).toEqual(first);
    expect(failure).toMatchObject({ code: "unexpected_answer", message: expect.stringContaining("does not go on where") });
  });

  test("is not gone on with where nothing says which record was the last", async () => {
    const { asked, failure } = await readAll([() => answer(['{"hello":1}\n'], false)], { limit: "all" });
    expect([asked.length, failure]).toMatchObject([1, { code: "unreachable" }]);
  });

  test("is not gone on with once its reader was told to stop", async () => {
    const stopping = new AbortController();
    const stop = () => {
      stopping.abort();
      return answer([lineOf(1)], false);
    };
    expect((await readAll([stop], { limit: "all" }, stopping.signal)).failure).toMatchObject({ code: "interrupted" });
  });
});
