import { expect, test } from "bun:test";
import { createApp } from "../../src/server/create-app.ts";
import { listen } from "../../src/server/listen.ts";
import type { Store } from "../../src/store/store.ts";

test.each(["/logs/stats", "/logs/stats?by=service", "/logs/fields", "/logs/fields/service"])(
  "a client that leaves ends what it asked for by GET %s",
  async (path) => {
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => failures.push(error);
    const asked = Promise.withResolvers<AbortSignal>();
    const ended = Promise.withResolvers<void>();
    const tally: Store["tally"] = (_plan, signal) => {
      asked.resolve(signal as AbortSignal);
      const { promise, reject } = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => {
        reject(new Error("left"));
        ended.resolve();
      });
      return promise;
    };
    const store = { tally, tokens: () => [] } as unknown as Store;
    const app = createApp({ store, loopback: true, version: "1", now: Date.now, onFailure: () => {} });
    const listener = listen({ app, hostname: "127.0.0.1", port: 0, onFailure });
    const leaving = new AbortController();
    const answer = fetch(listener.url + path, { signal: leaving.signal }).catch((error: Error) => error.name);
    expect((await asked.promise).aborted).toBe(false);
    leaving.abort();
    await ended.promise;
    expect(await answer).toBe("AbortError");
    await listener.stop(0);
    expect(failures).toEqual([]);
  },
);
