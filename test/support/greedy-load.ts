import { type Collector, eventually, startCollector } from "./binary.ts";

export type GreedyLoad = {
  connections: number;
  recordsARequest: number;
  /** How long the other token writes, once every 100 ms. */
  seconds: number;
};

/** How long the other token's requests took, in ms, and how many records the greedy one had stored in that time. */
export type GreedyReport = { requests: number; p50: number; p99: number; max: number; greedyRecords: number };

const EVERY_MS = 100;
const GREEDY = "svc-reports-123";
const OTHER = "svc-payments-456";

/** One token writes as fast as it is let; another one 10 records a second, one by one. */
export async function measureBesideGreedy({ connections, recordsARequest, seconds }: GreedyLoad): Promise<GreedyReport> {
  await using collector = await startCollector();
  const program = [process.execPath, `${import.meta.dir}/greedy-client.ts`];
  const greedy = Bun.spawn([...program, collector.url, GREEDY, String(connections), String(recordsARequest)], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  try {
    await eventually(async () => ((await countOf(collector, "reports")) > 0 ? true : undefined));
    const before = await countOf(collector, "reports");
    const times = await writeSteadily(collector, Math.round((seconds * 1000) / EVERY_MS));
    const after = await countOf(collector, "reports");
    times.sort((a, b) => a - b);
    const at = (part: number) => Math.round((times[Math.ceil(part * times.length) - 1] as number) * 10) / 10;
    return { requests: times.length, p50: at(0.5), p99: at(0.99), max: at(1), greedyRecords: after - before };
  } finally {
    greedy.kill("SIGKILL");
    await greedy.exited;
  }
}

async function countOf({ url }: Collector, service: string): Promise<number> {
  return ((await (await fetch(`${url}/logs/stats?service=${service}`)).json()) as { count: number }).count;
}

/** A request is due every 100 ms, whether or not the one before is answered: who waits does not hide the wait of others. */
async function writeSteadily({ url }: Collector, requests: number): Promise<number[]> {
  const startMs = performance.now();
  const under: Promise<number>[] = [];
  for (let i = 0; i < requests; i += 1) {
    await Bun.sleep(Math.max(0, startMs + i * EVERY_MS - performance.now()));
    under.push(timeOfWrite(url));
  }
  return Promise.all(under);
}

async function timeOfWrite(url: string): Promise<number> {
  const startMs = performance.now();
  const headers = { authorization: `Token ${OTHER}` };
  const answer = await fetch(`${url}/logs`, { method: "POST", body: '{"message":"in between"}', headers });
  if (answer.status !== 200) throw new Error(`the other token was answered ${answer.status}`);
  await answer.bytes();
  return performance.now() - startMs;
}
