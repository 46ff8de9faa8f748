import { describe, expect, test } from "bun:test";
import { openConnection } from "../../../../src/client/connection.ts";
import { followRecords } from "../../../../src/client/read/follow-records.ts";
import { answerErrorWith } from "../../../support/fake-collector.ts";

type Answer = (request: Request) => Response | Promise<Response>;

const EVENTS = { "content-type": "text/event-stream" };
const GREETING = "retry: 1000\nid: 4\n\n";
const event = (id: number) => `id: ${id}\ndata: {"id":${id}}\n\n`;

/** A stream of these texts that then ends, breaks, or stays silent. */
function streamOf(texts: string[], then: "ends" | "breaks" | "is silent" = "ends"): Response {
  const waiting = texts.map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = waiting.shift();
      if (next !== undefined) controller.enqueue(next);
      else if (then === "ends") controller.close();
      else if (then === "breaks") controller.error(new Error("connection reset"));
      else await new Promise(() => {});
    },
  });
  return new Response(body, { headers: EVENTS });
}

/** Follows a collector that answers by `answers`, one after another, and stops it once they are used up. */
async function follow(answers: Answer[], silenceMs = 60_000, takeMs = 0) {
  const stop = new AbortController();
  const asked: (string | null)[] = [];
  const waits: number[] = [];
  const found: string[] = [];
  let away = 0;
  const fetch = async (request: Request): Promise<Response> => {
    const answer = answers[asked.length];
    asked.push(request.headers.get("last-event-id"));
    if (answer !== undefined) return answer(request);
    stop.abort();
    throw new TypeError("refused");
  };
  const connection = openConnection({ baseUrl: "http://collector", token: undefined, fetch, signal: stop.signal });
  const options = {
    signal: stop.signal,
    onAway: () => {
      away += 1;
    },
    silenceMs,
    sleep: async (ms: number) => {
      waits.push(ms);
    },
    random: () => 1,
  };
  let failure: unknown;
  try {
    for await (const lines of followRecords(connection, new URLSearchParams("last=2"), options)) {
      found.push(...lines);
      if (takeMs > 0) await Bun.sleep(takeMs);
    }
  } catch (error) {
    failure = error;
  }
  return { found, asked, waits, away, failure };
}

describe("following", () => {
  test("goes on after the last whole event when the collector was away, says so once, and waits ever longer", async () => {
    const down = () => Promise.reject(new TypeError("refused"));
    const { found, asked, waits, away, failure } = await follow([
      () => streamOf([GREETING, event(5), `${event(6)}id: 7\ndata: {"id"`], "breaks"),
      down,
      () => answerErrorWith(503, "store_unavailable", "starting"),
      () => streamOf([`retry: 1000\nid: 6\n\n`, event(7), ": keep-alive\nid: 9\n\n"]),
      () => streamOf([`id: 9\n\n`, event(10)], "breaks"),
    ]);
    expect(found).toEqual(['{"id":5}', '{"id":6}', '{"id":7}', '{"id":10}']);
    expect(asked).toEqual([null, "6", "6", "6", "9", "10"]);
    expect(away).toBe(3);
    expect(waits).toEqual([250, 500, 1000, 250, 250]);
    expect(failure).toMatchObject({ code: "interrupted" });
  });

  test("takes a collector that greets and leaves again and again for one that is away", async () => {
    const greet = () => streamOf([GREETING]);
    expect((await follow([greet, greet, greet, greet])).waits).toEqual([250, 500, 1000, 2000]);
  });

  test("comes again where nothing is heard for long", async () => {
    const { found, asked } = await follow([() => streamOf([GREETING, event(5)], "is silent"), () => streamOf([event(6)])], 20);
    expect([found, asked]).toEqual([
      ['{"id":5}', '{"id":6}'],
      [null, "5", "6"],
    ]);
  });

  test("takes no collector for gone while its own reader takes its time", async () => {
    const { found, asked } = await follow([() => streamOf([GREETING, event(5), event(6), event(7)])], 30, 60);
    expect([found, asked]).toEqual([
      ['{"id":5}', '{"id":6}', '{"id":7}'],
      [null, "7"],
    ]);
  });

  test.each<[string, Answer[], string]>([
    ["where nobody answers at first", [() => Promise.reject(new TypeError("refused"))], "unreachable"],
    ["where the first answer breaks off", [() => streamOf([], "breaks")], "unreachable"],
    ["where the first answer is empty", [() => streamOf([])], "unreachable"],
    ["where there is trouble at first", [() => answerErrorWith(503, "store_unavailable", "no")], "store_unavailable"],
    ["where it is refused", [() => answerErrorWith(401, "unauthorized", "no")], "unauthorized"],
    ["where it is refused later", [() => streamOf([GREETING]), () => answerErrorWith(401, "unauthorized", "no")], "unauthorized"],
    ["where something else answers", [() => new Response("<html>")], "unexpected_answer"],
    ["where something else answers later", [() => streamOf([GREETING]), () => new Response("<html>")], "unexpected_answer"],
  ])("ends %s", async (_, answers, code) => {
    expect((await follow(answers)).failure).toMatchObject({ code });
  });
});
