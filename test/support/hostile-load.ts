import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Collector, startCollector } from "./binary.ts";
import type { HostileBody } from "./hostile-bodies.ts";

export type HostileReport = {
  /** What became of the body, and after how long. */
  status: string;
  ms: number;
  /** The most memory that the collector had. */
  peakMb: number;
  /** How long others waited at most, in ms. */
  healthMs: number;
  writeMs: number;
  readMs: number;
  /** How many of their requests were answered otherwise than by 200. */
  refused: number;
};

const HOSTILE = "svc-reports-123";
const OTHER = { authorization: "Token svc-payments-456" };
const EVERY_MS = 10;

/** Sends the body to a collector of its own, by a process of its own, and asks for other things meanwhile. */
export async function measureBesideBody({ make, chunkBytes = 0 }: HostileBody, binary?: string): Promise<HostileReport> {
  await using collector = await startCollector([], binary === undefined ? {} : { binary });
  const { body, headers = {} } = make();
  const path = join(collector.folder, "body");
  await Bun.write(path, body);
  const { url } = collector;
  const health = () => fetch(`${url}/health`);
  const write = () => fetch(`${url}/logs`, { method: "POST", body: '{"message":"in between"}', headers: OTHER });
  const read = () => fetch(`${url}/logs?limit=1`);
  // The threads that they need are there before.
  for (const ask of [health, write, read]) await waited(ask);
  let refused = 0;
  const program = [process.execPath, `${import.meta.dir}/send-body.ts`, url, HOSTILE, path, JSON.stringify(headers)];
  const startedMs = performance.now();
  const sender = Bun.spawn([...program, String(chunkBytes)], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  let isOver = false;
  const longest = async (ask: () => Promise<Response>) => {
    let most = 0;
    for (; !isOver; await Bun.sleep(EVERY_MS)) {
      const { ms, status } = await waited(ask);
      most = Math.max(most, ms);
      if (status !== 200) refused += 1;
    }
    return Math.round(most);
  };
  const waits = Promise.all([longest(health), longest(write), longest(read)]);
  const status = (await new Response(sender.stdout).text()).trim();
  const ms = Math.round(performance.now() - startedMs);
  isOver = true;
  const [healthMs, writeMs, readMs] = await waits;
  return { status, ms, peakMb: peakMemoryMb(collector), healthMs, writeMs, readMs, refused };
}

export async function waited(ask: () => Promise<Response>): Promise<{ ms: number; status: number }> {
  const startedMs = performance.now();
  const answer = await ask();
  await answer.bytes();
  return { ms: performance.now() - startedMs, status: answer.status };
}

/** The most memory it ever had in use. */
export function peakMemoryMb({ pid }: Collector): number {
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
}
