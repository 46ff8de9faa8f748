import { describe, expect, test } from "bun:test";
import type { Outbox } from "../../../src/client/outbox.ts";
import { type SendLinesOptions, sendLines } from "../../../src/client/send-lines.ts";
import { LogctlError } from "../../../src/errors.ts";

const defaults = () => ({ attributes: new Map<string, string>() });
const signal = new AbortController().signal;
const all = (count: number) => ({ accepted: count, rejected: 0, errors: [] });

async function* chunksOf(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

type Options = Partial<SendLinesOptions & Outbox> & { chunks: SendLinesOptions["chunks"]; canKeep?: boolean };

/** Collects what is taken and answered. */
function setUp({ canKeep = false, ...options }: Options) {
  const batches: string[][] = [];
  const answered: number[] = [];
  const kept: string[] = [];
  const messageOf = (record: string) => JSON.parse(record).message;
  const take: Outbox["take"] = async (records, onPart) => {
    batches.push(records.map(messageOf));
    onPart({ answer: all(records.length), first: 0, count: records.length });
    return "answered";
  };
  const keep = (records: readonly string[]) => {
    kept.push(...records.map(messageOf));
    return canKeep;
  };
  const progress = sendLines({
    defaults,
    outbox: { take: options.take ?? take, keep },
    signal,
    onAnswer: (_, lineNumbers) => answered.push(...lineNumbers),
    queue: { maxRecords: 2 },
    ...options,
  });
  return { ...progress, batches, answered, kept };
}

describe("sendLines", () => {
  test("sends lines in order, in batches, and says which line each record came from", async () => {
    const { done, batches, answered, unconfirmed } = setUp({ chunks: chunksOf("one\ntw", "o\n\n", "four\n", "five") });
    await done;
    expect(batches).toEqual([
      ["one", "two"],
      ["four", "five"],
    ]);
    expect(answered).toEqual([1, 2, 4, 5]);
    expect(unconfirmed()).toBe(0);
  });

  test("tells the lines of each part of a batch that was split", async () => {
    const told: [number, readonly number[]][] = [];
    const { done } = setUp({
      chunks: chunksOf("a\nb\nc\n"),
      queue: { maxRecords: 3 },
      take: async (_, onPart) => {
        onPart({ answer: all(1), first: 0, count: 1 });
        onPart({ answer: all(2), first: 1, count: 2 });
        return "answered";
      },
      onAnswer: ({ accepted }, lineNumbers) => told.push([accepted, lineNumbers]),
    });
    await done;
    expect(told).toEqual([
      [1, [1]],
      [2, [2, 3]],
    ]);
  });

  test("reads no further than a few batches ahead of a slow collector", async () => {
    let produced = 0;
    async function* endless() {
      for (; produced < 10_000; produced += 1) yield new TextEncoder().encode("line\n");
    }
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const { done, unconfirmed } = setUp({
      chunks: endless(),
      take: async (records, onPart) => {
        setImmediate(settle);
        await held;
        onPart({ answer: all(records.length), first: 0, count: records.length });
        return "answered";
      },
    });
    await settled;
    // One batch of two on its way, four waiting, one line in hand.
    expect(unconfirmed()).toBe(10);
    expect(produced).toBeLessThan(13);
    release();
    await done;
    expect(produced).toBe(10_000);
    expect(unconfirmed()).toBe(0);
  });

  test("holds that bound also where one chunk has thousands of lines", async () => {
    let most = 0;
    const progress = setUp({
      chunks: chunksOf("line\n".repeat(10_000)),
      take: async (records, onPart) => {
        most = Math.max(most, progress.unconfirmed());
        onPart({ answer: all(records.length), first: 0, count: records.length });
        return "answered";
      },
    });
    await progress.done;
    expect(most).toBeLessThanOrEqual(10);
  });

  test("fails as the delivery fails, stops reading, and knows what is not confirmed", async () => {
    let stopped = false;
    async function* endless() {
      try {
        for (;;) yield new TextEncoder().encode("a\n");
      } finally {
        stopped = true;
      }
    }
    const { done, unconfirmed } = setUp({
      chunks: endless(),
      take: async (_, onPart) => {
        onPart({ answer: all(1), first: 0, count: 1 });
        throw new LogctlError("unauthorized", "revoked");
      },
    });
    await expect(done).rejects.toMatchObject({ code: "unauthorized" });
    expect(unconfirmed()).toBeGreaterThanOrEqual(1);
    expect(stopped).toBe(true);
  });

  test("counts what a failed batch still got an answer for as confirmed", async () => {
    const { done, unconfirmed } = setUp({
      chunks: chunksOf("a\nb\nc\n"),
      queue: { maxRecords: 3 },
      take: async (_, onPart) => {
        onPart({ answer: all(1), first: 0, count: 1 });
        throw new LogctlError("unauthorized", "revoked");
      },
    });
    await expect(done).rejects.toMatchObject({ code: "unauthorized" });
    expect(unconfirmed()).toBe(2);
  });

  test("sends what was read before the input failed, and then fails as it did", async () => {
    async function* broken() {
      yield* chunksOf("a\nb\nc\n");
      throw new Error("EIO");
    }
    const { done, answered } = setUp({ chunks: broken() });
    await expect(done).rejects.toThrow("EIO");
    expect(answered).toEqual([1, 2, 3]);
  });

  test("once interrupted, finishes the batch under way and counts what is left", async () => {
    const stop = new AbortController();
    const { done, answered, unconfirmed } = setUp({
      chunks: chunksOf("a\nb\nc\nd\ne\nf\n"),
      signal: stop.signal,
      take: async (records, onPart) => {
        if (stop.signal.aborted) throw new LogctlError("interrupted", "interrupted");
        stop.abort();
        onPart({ answer: all(records.length), first: 0, count: records.length });
        return "answered";
      },
    });
    await expect(done).rejects.toMatchObject({ code: "interrupted" });
    expect(answered).toEqual([1, 2]);
    expect(unconfirmed()).toBe(4);
  });

  test("counts as confirmed what is kept on disk", async () => {
    const { done, unconfirmed } = setUp({ chunks: chunksOf("a\nb\nc\n"), take: async () => "kept" });
    await done;
    expect(unconfirmed()).toBe(0);
  });

  test("keeps what was read where no more is taken, and ends", async () => {
    async function* endless() {
      yield* chunksOf("a\nb\nc\nd\ne\n");
      await new Promise(() => {});
    }
    const { done, kept, unconfirmed } = setUp({ chunks: endless(), take: async () => "end", canKeep: true });
    await done;
    expect(kept).toEqual(["c", "d", "e"]);
    expect(unconfirmed()).toBe(0);
  });

  test("ends at once when interrupted while there is nothing to read", async () => {
    const stop = new AbortController();
    const chunks = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<Uint8Array>>(() => stop.abort()) }),
    };
    await setUp({ chunks, signal: stop.signal }).done;
  });
});
