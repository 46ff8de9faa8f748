import { expect, test } from "bun:test";
import { eventually } from "../support/binary.ts";
import { cpuTicks } from "../support/cpu-ticks.ts";
import { LONG_QUERIES, measureBesideQuery, startLoaded } from "../support/hostile-queries.ts";

test("a query that takes a thread for long keeps no other reader waiting, and ends when its client has left", async () => {
  await using collector = await startLoaded(60_000);
  const { url } = collector;
  const left = new AbortController();
  const asking = Array.from({ length: 3 }, () => {
    const q = encodeURIComponent(LONG_QUERIES[0]?.q as string);
    return fetch(`${url}/logs?limit=10&q=${q}`, { signal: left.signal }).then((response) => response.text());
  });
  const ended = Promise.allSettled(asking);
  const { readMs, healthMs } = await measureBesideQuery(collector, { name: "", q: "nowhere" });
  // Where it waits for a page of the query, it is seconds.
  expect([readMs < 1500, healthMs < 1500]).toEqual([true, true]);
  left.abort();
  await ended;
  await eventually(async () => {
    const before = cpuTicks(collector.pid);
    await Bun.sleep(300);
    return cpuTicks(collector.pid) - before < 10 ? true : undefined;
  });
  expect((await fetch(`${url}/logs?limit=1`)).status).toBe(200);
}, 60_000);
