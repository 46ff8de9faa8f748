import { describe, expect, test } from "bun:test";
import { createBatch } from "../../../src/client/batch.ts";
import { openConnection } from "../../../src/client/connection.ts";
import { type DeliveredPart, type DeliveryHooks, openDelivery } from "../../../src/client/delivery.ts";
import type { LogctlError } from "../../../src/errors.ts";
import { answerErrorWith, answerWith, createFakeCollector, type Script } from "../../support/fake-collector.ts";

/** A delivery whose waits move a clock of its own and are noted; `random` is always 1. */
function setUp(script?: Script, onPause: () => void = () => {}) {
  const collector = createFakeCollector(script);
  const stop = new AbortController();
  const waits: number[] = [];
  const parts: DeliveredPart[] = [];
  let clock = Date.parse("2026-11-24T10:00:00Z");
  const delivery = openDelivery({
    signal: stop.signal,
    now: () => clock,
    random: () => 1,
    async sleep(ms) {
      waits.push(ms);
      clock += ms;
      onPause();
    },
  });
  const connection = openConnection({
    baseUrl: "http://127.0.0.1:8000",
    token: undefined,
    fetch: collector.fetch,
    signal: stop.signal,
  });
  const deliver = (records: string[], hooks: Partial<DeliveryHooks> = {}, batch = createBatch(records)) =>
    delivery.deliver(connection, batch, { onPart: (part) => parts.push(part), ...hooks });
  return { ...collector, deliver, hasAnswered: delivery.hasAnswered, waits, parts, stop };
}

const recordsOf = (...messages: string[]) => messages.map((message) => JSON.stringify({ message }));
const unavailable = (headers = {}) => answerErrorWith(503, "store_unavailable", "the disk is full", headers);
const messagesOf = (records: Record<string, unknown>[]) => records.map(({ message }) => message);
const refuseConnection = () => Promise.reject(new TypeError("refused"));

/** Throws with the nth part, as if the sender were killed before it could keep it. */
function dieAt(nth: number): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count === nth - 1) throw new Error("killed");
  };
}

describe("deliver", () => {
  test("stores a batch and tells of its answer", async () => {
    const { deliver, parts, stored } = setUp();
    await deliver(recordsOf("a", "", "b"));
    expect(messagesOf(stored)).toEqual(["a", "b"]);
    expect(parts).toMatchObject([{ answer: { accepted: 2, rejected: 1, errors: [{ index: 1 }] }, first: 0, count: 3 }]);
  });

  test("stores once what it has to send again: an answer that got lost, a collector in trouble", async () => {
    const { deliver, requests, stored, parts, store } = setUp((received, count) => {
      if (count === 1) return unavailable();
      if (count > 3) return undefined;
      // Stored, but the answer is lost on its way.
      store(received);
      return count === 2 ? refuseConnection() : answerErrorWith(504, "internal", "gateway timeout");
    });
    await deliver(recordsOf("a", "b"));
    expect(messagesOf(stored)).toEqual(["a", "b"]);
    expect(new Set(requests.map(({ key }) => key)).size).toBe(1);
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    expect(parts).toHaveLength(1);
    expect(parts[0]?.answer).toMatchObject({ accepted: 2, duplicate: true });
  });

  test("stores twice what is sent twice", async () => {
    const { deliver, requests, stored } = setUp();
    await deliver(recordsOf("a"));
    await deliver(recordsOf("a"));
    expect(messagesOf(stored)).toEqual(["a", "a"]);
    expect(requests[0]?.key).not.toBe(requests[1]?.key);
  });

  test("reports at once a collector that was never there", async () => {
    const { deliver, waits, requests } = setUp(refuseConnection);
    await expect(deliver(recordsOf("a"))).rejects.toMatchObject({ code: "unreachable" });
    expect(waits).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test("waits longer and longer for one that has answered, for 30 s in all", async () => {
    const { deliver, waits, stored } = setUp((_, count) => (count === 1 ? undefined : refuseConnection()));
    await deliver(recordsOf("a"));
    await expect(deliver(recordsOf("b"))).rejects.toMatchObject({
      code: "unreachable",
      message: "the collector at http://127.0.0.1:8000 did not recover within 30 s",
    });
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 14_250]);
    expect(messagesOf(stored)).toEqual(["a"]);
  });

  test("says what ailed a collector that did not recover", async () => {
    const { deliver } = setUp(() => unavailable());
    await expect(deliver(recordsOf("b"))).rejects.toMatchObject({
      message: expect.stringContaining("(store_unavailable: the disk is full)"),
    });
  });

  test.each([
    ["3", 3250],
    ["Tue, 24 Nov 2026 10:00:09 GMT", 9250],
    ["600", 60_250],
  ])("waits as Retry-After: %s asks, and a moment more", async (header, expected) => {
    const { deliver, waits, stored } = setUp((_, count) => (count === 1 ? unavailable({ "retry-after": header }) : undefined));
    await deliver(recordsOf("a"));
    expect(waits).toEqual([expected]);
    expect(messagesOf(stored)).toEqual(["a"]);
  });

  test("splits a batch that is too large, each part under a key of its own, in order", async () => {
    const { deliver, requests, stored, parts } = setUp(({ records }) =>
      records.length > 2 ? answerErrorWith(413, "body_too_large", "too large") : undefined,
    );
    await deliver(recordsOf("a", "b", "", "d", "e"));
    expect(messagesOf(stored)).toEqual(["a", "b", "d", "e"]);
    expect(requests.map(({ records }) => records.length)).toEqual([5, 3, 2, 2, 1]);
    expect(new Set(requests.map(({ key }) => key)).size).toBe(requests.length);
    expect(parts.map(({ first, count }) => [first, count])).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ]);
    expect(parts[1]?.answer.errors).toMatchObject([{ index: 0, code: "missing_message" }]);
  });

  test("goes on with a batch that was split where its sender died, each part under the key it had", async () => {
    const script: Script = ({ records }) =>
      records.length > 2 ? answerErrorWith(413, "body_too_large", "too large") : undefined;
    const first = setUp(script);
    const batch = createBatch(recordsOf("a", "b", "c", "d", "e"));
    let left = { ...batch };
    await first.deliver([], { onProgress: () => (left = { ...batch }), onPart: dieAt(3) }, batch).catch(() => {});
    expect(left).toMatchObject({ from: 2, width: 2 });
    await first.deliver([], {}, left);
    expect(messagesOf(first.stored)).toEqual(["a", "b", "c", "d", "e"]);
    const keys = first.requests.map(({ key }) => key);
    expect(keys[3]).toBe(keys[4] as string);
  });

  test("knows since when a batch may be stored without an answer, and that it was not where nobody was there", async () => {
    const refused = () => Promise.reject(Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" }));
    const seen: number[] = [];
    const { deliver } = setUp((_, count) => (count < 3 ? refused() : count < 5 ? refuseConnection() : undefined));
    const batch = createBatch(recordsOf("a"));
    await deliver([], { retryForMs: () => 1e9, onFailure: () => seen.push(batch.sentAtMs) }, batch);
    // Told before the last wait is over: 250 ms, 500 ms, 1 s after the first attempt.
    const start = Date.parse("2026-11-24T10:00:00Z");
    expect(seen).toEqual([0, 0, start + 750, start + 750]);
    expect(batch.sentAtMs).toBe(0);
  });

  test("refuses a record that is too large by itself, and stores the others", async () => {
    const { deliver, stored, parts } = setUp(({ records }) =>
      records.some(({ message }) => message === "huge") ? answerErrorWith(413, "body_too_large", "too large") : undefined,
    );
    await deliver(recordsOf("a", "huge", "b", "c"));
    expect(messagesOf(stored)).toEqual(["a", "b", "c"]);
    const refused = parts.filter(({ answer }) => answer.rejected > 0);
    expect(refused).toEqual([
      {
        first: 1,
        count: 1,
        answer: { accepted: 0, rejected: 1, errors: [{ index: 0, code: "body_too_large", field: null, message: "too large" }] },
      },
    ]);
  });

  test("has told of the first part of a split where the second fails", async () => {
    const { deliver, parts } = setUp((received) => {
      if (received.records.length > 1) return answerErrorWith(413, "body_too_large", "too large");
      return received.records[0]?.["message"] === "b" ? answerErrorWith(401, "unauthorized", "revoked") : undefined;
    });
    expect(await deliver(recordsOf("a", "b"))).toMatchObject({ error: { code: "unauthorized" }, status: 401 });
    expect(parts.map(({ first, count }) => [first, count])).toEqual([[0, 1]]);
  });

  test.each([
    [401, "unauthorized"],
    [422, "idempotency_conflict"],
    [501, "internal"],
  ])("does not try again after %d", async (status, code) => {
    const { deliver, requests, waits } = setUp(() => answerErrorWith(status, code, "no"));
    expect(await deliver(recordsOf("a"))).toMatchObject({ error: { code }, status });
    expect(requests).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  test("waits for a collector that has answered where something else answers in its place, and delivers once it is back", async () => {
    const page = () => new Response("<html>404</html>", { status: 404 });
    const { deliver, waits, stored } = setUp((_, count) => (count > 1 && count < 5 ? page() : undefined));
    await deliver(recordsOf("a"));
    await deliver(recordsOf("b"));
    expect(messagesOf(stored)).toEqual(["a", "b"]);
    expect(waits).toEqual([250, 500, 1000]);
  });

  test("gives up after 30 s of that, however long the collector may be away, and at once where none has answered yet", async () => {
    const page = () => new Response("<html>404</html>", { status: 404 });
    const later = setUp((_, count) => (count === 1 ? undefined : page()));
    await later.deliver(recordsOf("a"));
    const failures: string[] = [];
    const hooks = { retryForMs: () => Number.POSITIVE_INFINITY, onFailure: ({ code }: LogctlError) => void failures.push(code) };
    expect(await later.deliver(recordsOf("b"), hooks)).toMatchObject({ error: { code: "unexpected_answer" }, status: 404 });
    expect(later.waits.reduce((sum, ms) => sum + ms)).toBe(30_000);
    expect(new Set(failures)).toEqual(new Set(["unexpected_answer"]));
    const never = setUp(page);
    expect(await never.deliver(recordsOf("a"))).toMatchObject({ error: { code: "unexpected_answer" } });
    expect([never.waits, never.hasAnswered()]).toEqual([[], false]);
  });

  test("neither begins nor repeats a request once interrupted", async () => {
    const idle = setUp();
    idle.stop.abort();
    await expect(idle.deliver(recordsOf("a"))).rejects.toMatchObject({ code: "interrupted" });
    expect(idle.requests).toEqual([]);
    const waiting = setUp(
      () => unavailable(),
      () => waiting.stop.abort(),
    );
    await expect(waiting.deliver(recordsOf("a"))).rejects.toMatchObject({ code: "interrupted" });
    expect(waiting.requests).toHaveLength(1);
  });

  test("ends a request under way that an interruption meets", async () => {
    const { deliver, parts, stop } = setUp(({ records }) => {
      stop.abort();
      return answerWith({ accepted: records.length, rejected: 0, errors: [] });
    });
    await deliver(recordsOf("a"));
    expect(parts).toHaveLength(1);
  });
});
