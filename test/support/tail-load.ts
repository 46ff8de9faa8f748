import { createEventReader } from "../../src/client/read/read-events.ts";
import { BINARY, type Collector, environment, startCollector } from "./binary.ts";

export type TailLoad = {
  recordsPerSecond: number;
  seconds: number;
  /** How often the collector is killed by SIGKILL while records come, and the reader's connection cut. */
  collectorKills: number;
  readerKills: number;
};

/** What a reader saw of the records that were acknowledged, each of which has a number of its own. */
export type Account = { received: number; missing: number; repeated: number; unknown: number; outOfOrder: number };

export type TailReport = {
  sent: number;
  retriedRequests: number;
  readerConnections: number;
  seconds: number;
  collectorPeakMB: number;
  /** A reader by HTTP that is cut off again and again, and goes on by Last-Event-ID. */
  reader: Account;
  /** `logctl query --follow`, which is never touched. */
  follower: Account;
};

const SENDERS = 4;
const BATCH = 500;
const RETRY_MS = 20;
/** How long all may take to arrive once the last was sent. */
const SETTLE_MS = 60_000;

/** Counts how often each number came, and whether ids only ever grew. */
function createLedger() {
  let counts = new Uint8Array(1024);
  let lastId = 0;
  let received = 0;
  let outOfOrder = 0;
  return {
    received: () => received,
    add(json: string): void {
      const { id, attributes } = JSON.parse(json) as { id: number; attributes: { n: number } };
      while (attributes.n >= counts.length) {
        const larger = new Uint8Array(counts.length * 2);
        larger.set(counts);
        counts = larger;
      }
      counts[attributes.n] = (counts[attributes.n] as number) + 1;
      received += 1;
      if (id <= lastId) outOfOrder += 1;
      lastId = id;
    },
    account(sent: number): Account {
      const all = { received, missing: 0, repeated: 0, unknown: 0, outOfOrder };
      for (let n = 0; n < Math.max(sent, counts.length); n += 1) {
        const count = counts[n] ?? 0;
        if (n >= sent) all.unknown += count;
        else if (count === 0) all.missing += 1;
        else all.repeated += count - 1;
      }
      return all;
    },
  };
}

/** Numbered records at a steady rate; what got no answer is sent again with its key until it is acknowledged. */
function startSenders(url: string, { recordsPerSecond, seconds }: TailLoad) {
  const total = Math.floor((recordsPerSecond * seconds) / BATCH) * BATCH;
  let taken = 0;
  let retried = 0;
  const started = performance.now();

  async function send(first: number): Promise<void> {
    const text = "x".repeat(60);
    const body = Array.from({ length: BATCH }, (_, i) => `{"message":"record ${first + i} ${text}","n":${first + i}}`).join("\n");
    const headers = { authorization: "Token svc-reports-123", "idempotency-key": `batch-${first}` };
    for (;;) {
      const response = await fetch(`${url}/logs`, { method: "POST", body, headers }).catch(() => undefined);
      if (
        response?.status === 200 &&
        ((await response.json().catch(() => undefined)) as { accepted: number } | undefined)?.accepted === BATCH
      )
        return;
      retried += 1;
      await Bun.sleep(RETRY_MS);
    }
  }

  async function work(): Promise<void> {
    while (taken < total) {
      const first = taken;
      taken += BATCH;
      const dueMs = (first / recordsPerSecond) * 1000 - (performance.now() - started);
      if (dueMs > 0) await Bun.sleep(dueMs);
      await send(first);
    }
  }

  return { total, retried: () => retried, done: Promise.all(Array.from({ length: SENDERS }, work)) };
}

/** Reads the tail from the first record on, and comes again after each cut, by the last whole event's id. */
function startReader(url: string, take: (json: string) => void) {
  let lastEventId = "0";
  let connections = 0;
  let cut = new AbortController();
  let stopped = false;

  async function readOnce(): Promise<void> {
    const response = await fetch(`${url}/logs/tail`, { headers: { "last-event-id": lastEventId }, signal: cut.signal });
    if (response.status !== 200 || response.body === null) throw new Error(`status ${response.status}`);
    connections += 1;
    const read = createEventReader();
    for await (const bytes of response.body) {
      const { data, lastEventId: id } = read(bytes);
      for (const json of data) take(json);
      lastEventId = id ?? lastEventId;
    }
  }

  const done = (async () => {
    while (!stopped) {
      await readOnce().catch(() => {});
      await Bun.sleep(RETRY_MS);
    }
  })();
  const kill = () => {
    cut.abort();
    cut = new AbortController();
  };
  return {
    kill,
    connections: () => connections,
    stop() {
      stopped = true;
      kill();
      return done;
    },
  };
}

function startFollower(url: string, take: (json: string) => void) {
  const args = ["query", "--follow", "-n", "all", "-o", "ndjson", "--url", url];
  const child = Bun.spawn([BINARY, ...args], { env: environment(), stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const done = (async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of child.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) take(line);
    }
  })();
  return {
    async stop() {
      child.kill("SIGINT");
      await done;
      return child.exited;
    },
  };
}

async function peakMemoryMB({ pid }: Collector): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** Waits for each of `count` moments spread over the load, none of them at its very start or end. */
async function atMoments(count: number, seconds: number, act: () => Promise<void> | void): Promise<void> {
  const started = performance.now();
  for (let i = 0; i < count; i += 1) {
    const atMs = ((i + 0.25 + Math.random() * 0.5) / count) * seconds * 1000;
    await Bun.sleep(Math.max(0, atMs - (performance.now() - started)));
    await act();
  }
}

/** Runs a collector under load with two readers, and accounts for every record that was acknowledged. */
export async function runTailLoad(load: TailLoad): Promise<TailReport> {
  await using collector = await startCollector();
  const { url } = collector;
  const again = ["--port", new URL(url).port];
  const [readerLedger, followerLedger] = [createLedger(), createLedger()];
  let collectorPeakMB = 0;
  const started = performance.now();
  const reader = startReader(url, readerLedger.add);
  const follower = startFollower(url, followerLedger.add);
  const senders = startSenders(url, load);
  await Promise.all([
    senders.done,
    atMoments(load.collectorKills, load.seconds, async () => {
      collectorPeakMB = Math.max(collectorPeakMB, await peakMemoryMB(collector));
      await collector.kill();
      await collector.restart(again);
    }),
    atMoments(load.readerKills, load.seconds, reader.kill),
  ]);
  const deadline = performance.now() + SETTLE_MS;
  const isBehind = () => Math.min(readerLedger.received(), followerLedger.received()) < senders.total;
  while (isBehind() && performance.now() < deadline) await Bun.sleep(20);
  const seconds = (performance.now() - started) / 1000;
  collectorPeakMB = Math.max(collectorPeakMB, await peakMemoryMB(collector));
  await Promise.all([reader.stop(), follower.stop()]);
  return {
    sent: senders.total,
    retriedRequests: senders.retried(),
    readerConnections: reader.connections(),
    seconds,
    collectorPeakMB,
    reader: readerLedger.account(senders.total),
    follower: followerLedger.account(senders.total),
  };
}
