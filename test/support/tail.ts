import { createEventReader } from "../../src/client/read/read-events.ts";

export type TailReader = {
  response: Response;
  /** The records so far; waits until there are `count`. */
  records(count: number): Promise<{ id: number; message: string }[]>;
  /** The text so far; waits until it matches. */
  text(pattern: RegExp): Promise<string>;
  lastEventId(): string | undefined;
  /** Resolves when the collector ends the stream. */
  ended: Promise<void>;
  leave(): Promise<void>;
};

/** Reads a tail as it comes, also while nobody asks. */
export function readTail(response: Response): TailReader {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const read = createEventReader();
  const decoder = new TextDecoder();
  const records: { id: number; message: string }[] = [];
  let text = "";
  let lastEventId: string | undefined;
  let isOver = false;
  let wake = Promise.withResolvers<void>();

  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      isOver = done;
      if (value !== undefined) {
        text += decoder.decode(value, { stream: true });
        const events = read(value);
        for (const data of events.data) records.push(JSON.parse(data));
        lastEventId = events.lastEventId;
      }
      wake.resolve();
      wake = Promise.withResolvers();
      if (done) return;
    }
  })();
  ended.catch(() => {});

  async function until<Value>(check: () => Value | undefined): Promise<Value> {
    for (;;) {
      const value = check();
      if (value !== undefined) return value;
      if (isOver) throw new Error(`the tail ended: ${text}`);
      await wake.promise;
    }
  }

  return {
    response,
    records: (count) => until(() => (records.length >= count ? records : undefined)),
    text: (pattern) => until(() => (pattern.test(text) ? text : undefined)),
    lastEventId: () => lastEventId,
    ended,
    leave: () => reader.cancel(),
  };
}
