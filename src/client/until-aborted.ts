/**
 * What `source` yields, until the signal is aborted: then it ends at once, even while the source has nothing to give.
 * The source is told to stop, but not waited for.
 */
export async function* untilAborted<Item>(source: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = source instanceof ReadableStream ? iterateStream<Item>(source) : source[Symbol.asyncIterator]();
  let stop: () => void = () => {};
  const onAbort = () => stop();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    while (!signal.aborted) {
      // One promise an item: a race against one long-lived promise would keep every item alive.
      const next = await new Promise<IteratorResult<Item> | undefined>((resolve, reject) => {
        stop = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    iterator.return?.()?.catch(() => {});
  }
}

/** A stream's own iterator stops only after the read under way, for which an idle pipe would keep the process alive. */
function iterateStream<Item>(stream: ReadableStream<Item>): AsyncIterator<Item, undefined> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done: false, value };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
