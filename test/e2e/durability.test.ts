import { describe, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { type Collector, startCollector } from "../support/binary.ts";

const ROUNDS = 20;
const WRITERS = 4;
const BATCH = 50;

type Batch = { key: string; messages: string[] };

/** Sends a batch; false where no answer says that it is stored. */
async function send(url: string, { key, messages }: Batch): Promise<boolean> {
  const body = messages.map((message) => JSON.stringify({ message })).join("\n");
  const headers = { authorization: "Token svc-reports-123", "idempotency-key": key };
  try {
    const response = await fetch(`${url}/logs`, { method: "POST", body, headers });
    return response.status === 200 && ((await response.json()) as { accepted: number }).accepted === messages.length;
  } catch {
    return false;
  }
}

/** Writes until the collector is gone; a batch that got no answer is sent again first, with its key, when it is back. */
function createWriter(name: string) {
  const acknowledged: string[] = [];
  let pending: Batch | undefined;
  let next = 0;
  return {
    acknowledged,
    async write(url: string): Promise<void> {
      for (;;) {
        pending ??= { key: `${name}-${next}`, messages: Array.from({ length: BATCH }, (_, i) => `${name} ${next * BATCH + i}`) };
        if (!(await send(url, pending))) return;
        acknowledged.push(...pending.messages);
        pending = undefined;
        next += 1;
      }
    },
    async finish(url: string): Promise<void> {
      if (pending === undefined || !(await send(url, pending))) return;
      acknowledged.push(...pending.messages);
      pending = undefined;
    },
  };
}

async function storedMessages({ url }: Collector): Promise<string[]> {
  const response = await fetch(`${url}/logs?limit=all`, { headers: { accept: "application/x-ndjson" } });
  const text = await response.text();
  return text.trimEnd() === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).message);
}

describe("kill -9 under load", () => {
  test("loses nothing that was acknowledged and doubles nothing that was retried, twenty times", async () => {
    await using collector = await startCollector();
    const writers = Array.from({ length: WRITERS }, (_, i) => createWriter(`writer-${i}`));
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
      const writing = writers.map(({ write }) => write(collector.url));
      // Killed at any point of its work, but not before it has done some.
      while (writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0) < before + 10 * BATCH) await Bun.sleep(1);
      await Bun.sleep(Math.random() * 60);
      await collector.kill();
      await Promise.all(writing);
      await collector.restart();
    }
    for (const { finish } of writers) await finish(collector.url);
    const stored = await storedMessages(collector);
    const expected = writers.flatMap(({ acknowledged }) => acknowledged);
    expect(expected.length).toBeGreaterThan(ROUNDS * 10 * BATCH);
    expect(stored.toSorted()).toEqual(expected.toSorted());
  }, 120_000);

  test("a stopped collector answers what is under way, exits 0 and leaves one file, its lock and its last id, readable by its owner only", async () => {
    await using collector = await startCollector();
    const writers = Array.from({ length: WRITERS }, (_, i) => createWriter(`writer-${i}`));
    const writing = writers.map(({ write }) => write(collector.url));
    while (writers.some(({ acknowledged }) => acknowledged.length === 0)) await Bun.sleep(1);
    expect(await collector.stop()).toBe(0);
    await Promise.all(writing);
    const files = (await readdir(collector.folder)).sort();
    expect(files).toEqual(["logs.db", "logs.db-last", "logs.db-lock"]);
    for (const file of files) expect((await stat(`${collector.folder}/${file}`)).mode & 0o777).toBe(0o600);
    await collector.restart();
    for (const { finish } of writers) await finish(collector.url);
    expect((await storedMessages(collector)).toSorted()).toEqual(writers.flatMap(({ acknowledged }) => acknowledged).toSorted());
  }, 60_000);
});
