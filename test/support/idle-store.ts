import { createApp } from "../../src/server/create-app.ts";
import { listen } from "../../src/server/listen.ts";
import type { Store } from "../../src/store/store.ts";

/** A collector at a socket whose searches find nothing and never end by themselves; `counts` are those under way. */
export function serveIdleStore() {
  const stopping = new AbortController();
  const counts = { listeners: 0, searches: 0 };
  const failures: unknown[] = [];
  const tails = new Set<Request>();
  let newestId = 0;

  function search(): AsyncGenerator<never> {
    const { promise, resolve } = Promise.withResolvers<IteratorResult<never>>();
    counts.searches += 1;
    let isOver = false;
    const end = async () => {
      if (!isOver) counts.searches -= 1;
      isOver = true;
      resolve({ done: true, value: undefined });
      return { done: true as const, value: undefined };
    };
    const pieces = { next: () => promise, return: end, [Symbol.asyncIterator]: () => pieces };
    return pieces as unknown as AsyncGenerator<never>;
  }

  function onArrival(): () => void {
    counts.listeners += 1;
    return () => {
      counts.listeners -= 1;
    };
  }

  const store = { search, onArrival, newestId: () => newestId, tokens: () => [] } as unknown as Store;
  const onFailure = (error: unknown) => failures.push(error);
  const app = createApp({ store, loopback: true, version: "1", now: Date.now, stopping: stopping.signal, tails, onFailure });
  const listener = listen({ app, hostname: "127.0.0.1", port: 0, tails, onFailure });
  const stop = () => {
    stopping.abort();
    return listener.stop(10_000);
  };
  return {
    url: listener.url,
    counts,
    tails,
    failures,
    setNewestId(id: number) {
      newestId = id;
    },
    /** As `logctl serve` does when it is told to stop. */
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
