import { describe, expect, test } from "bun:test";
import { untilAborted } from "../../../src/client/until-aborted.ts";

async function collect<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe("untilAborted", () => {
  test("yields all of a source that ends", async () => {
    async function* source() {
      yield* [1, 2, 3];
    }
    expect(await collect(untilAborted(source(), new AbortController().signal))).toEqual([1, 2, 3]);
  });

  test("fails as the source fails", async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("unreadable")) }),
    };
    await expect(collect(untilAborted(source, new AbortController().signal))).rejects.toThrow("unreadable");
  });

  test("takes nothing from the source once aborted", async () => {
    let taken = 0;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          taken += 1;
          return { done: false as const, value: taken };
        },
      }),
    };
    expect(await collect(untilAborted(source, AbortSignal.abort()))).toEqual([]);
    expect(taken).toBe(0);
  });

  test("ends while the source has nothing to give, and tells it to stop", async () => {
    const stop = new AbortController();
    let told = false;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => stop.abort()),
        return: async () => {
          told = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    expect(await collect(untilAborted(source, stop.signal))).toEqual([]);
    expect(told).toBe(true);
  });

  test("cancels a stream whose read is under way, so that nothing keeps the process alive", async () => {
    const stop = new AbortController();
    let cancelled = false;
    const stream = new ReadableStream<number>({
      start: (controller) => controller.enqueue(1),
      pull: () => new Promise(() => {}),
      cancel: () => {
        cancelled = true;
      },
    });
    const items: number[] = [];
    for await (const item of untilAborted(stream, stop.signal)) {
      items.push(item);
      queueMicrotask(() => stop.abort());
    }
    expect(items).toEqual([1]);
    expect(cancelled).toBe(true);
  });

  test("reads a stream to its end", async () => {
    const stream = new Response("ab").body as ReadableStream<Uint8Array>;
    const chunks = await collect(untilAborted(stream, new AbortController().signal));
    expect(Buffer.concat(chunks).toString()).toBe("ab");
  });
});
