import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { StoredRecord } from "../../src/schema/api.ts";
import { BINARY, type Collector, environment, eventually, runBinary, startCollector } from "./binary.ts";

export type OutageReport = {
  /** How many records the sender says are stored. */
  told: number;
  stored: number;
  /** Of these, how many are not the one that was sent next after the one before. */
  misplaced: number;
  /** The sender's memory before the collector went away, and the most it had from then on. */
  beforeMB: number;
  peakMB: number;
  /** The most that waited on disk at one time. */
  spooled: number;
  err: string;
  code: number | null;
};

type Sender = { pid: number; kill(signal: "SIGTERM" | "SIGKILL"): void; exited: Promise<number>; err: Promise<string> };

function spawnSender(args: string[], state: string, input?: string): Sender {
  const command = input === undefined ? [BINARY, ...args] : ["sh", "-c", `exec "$0" "$@" < '${input}'`, BINARY, ...args];
  const child = Bun.spawn(command, {
    env: environment({ LOGCTL_SPOOL: state }),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const { pid, exited } = child;
  return { pid, exited, kill: (signal) => child.kill(signal), err: new Response(child.stderr).text() };
}

/** What waits in all spools of a folder. */
export async function waitingIn(state: string): Promise<number> {
  const { code, out, err } = await runBinary(["spool", "status", "--spool", state, "-o", "json"]);
  if (code !== 0) throw new Error(`spool status ended with ${code}: ${err}`);
  return (JSON.parse(out) as { records: number }[]).reduce((sum, { records }) => sum + records, 0);
}

/** The collector is away for a while, under whatever `start` starts. `isNext` says whether a record is the one after another. */
async function sendThroughOutage(
  awayMs: number,
  start: (url: string, state: string) => Sender & Partial<AsyncDisposable>,
  isNext: (record: StoredRecord, before: StoredRecord | undefined) => boolean,
  toldBy: RegExp,
): Promise<OutageReport> {
  await using collector = await startCollector();
  const state = join(collector.folder, "state");
  const sender = start(collector.url, state);
  try {
    await eventually(async () => ((await countRecords(collector)) > 100 ? true : undefined));
    const beforeMB = await residentMB(sender.pid);
    await collector.kill();
    let peakMB = 0;
    let spooled = 0;
    const watch = async () => {
      peakMB = Math.max(peakMB, await residentMB(sender.pid));
      spooled = Math.max(spooled, await waitingIn(state));
    };
    for (const end = performance.now() + awayMs; performance.now() < end; await Bun.sleep(300)) await watch();
    await collector.restart(["--port", new URL(collector.url).port]);
    for (; (await waitingIn(state)) > 0; await Bun.sleep(300)) await watch();
    sender.kill("SIGTERM");
    const code = await sender.exited;
    const err = await sender.err;
    const { stored, misplaced } = await readBack(collector, isNext);
    return { told: Number(toldBy.exec(err)?.[1]), stored, misplaced, beforeMB, peakMB, spooled, err, code };
  } finally {
    sender.kill("SIGKILL");
    await sender[Symbol.asyncDispose]?.();
  }
}

/** `simulate`, one record a request. Records of a service come in the order of their times. */
export function simulateThroughOutage(awayMs: number, rate: number): Promise<OutageReport> {
  const last = new Map<string, string>();
  return sendThroughOutage(
    awayMs,
    (url, state) => spawnSender(["simulate", "--url", url, "--rate", String(rate)], state),
    ({ service, timestamp }) => {
      const isNext = timestamp >= (last.get(service) ?? "");
      last.set(service, timestamp);
      return isNext;
    },
    /(\d+) stored/,
  );
}

/** `seq | send`: as many lines as the sender takes, each with its number. */
export function pipeThroughOutage(awayMs: number): Promise<OutageReport> {
  return sendThroughOutage(
    awayMs,
    (url, state) => {
      const pipe = `${state}-pipe`;
      if (Bun.spawnSync(["mkfifo", pipe]).exitCode !== 0) throw new Error("no pipe can be made");
      const lines = Bun.spawn(["sh", "-c", `exec seq 1 1000000000 > '${pipe}'`], { stdio: ["ignore", "ignore", "ignore"] });
      const limits = ["--on-full", "block", "--spool-max-size", "5MB"];
      const sender = spawnSender(["send", "--service", "reports", "--url", url, ...limits], state, pipe);
      return Object.assign(sender, {
        async [Symbol.asyncDispose]() {
          lines.kill("SIGKILL");
          await lines.exited;
          await rm(pipe);
        },
      });
    },
    // A line of which only the beginning had come when the sender was stopped is the last.
    ({ message }, before) => `${Number(before?.message ?? 0) + 1}`.startsWith(message),
    /stored (\d+) records/,
  );
}

export type KillReport = { kills: number; killedAtWork: number; stored: number; misplaced: number };

/** A backlog of so many records is delivered by senders that are killed again and again, and then by one that is not. */
export async function killWhileDraining(records: number, kills: number): Promise<KillReport> {
  await using collector = await startCollector();
  const { url } = collector;
  const state = join(collector.folder, "state");
  await collector.kill();
  const input = Array.from({ length: records }, (_, i) => `${i + 1}\n`).join("");
  const env = { LOGCTL_SPOOL: state };
  const send = await runBinary(["send", "--service", "reports", "--url", url], { env, stdin: input });
  if (send.code !== 5) throw new Error(`send ended with ${send.code}: ${send.err}`);
  await collector.restart(["--port", new URL(url).port]);
  let killedAtWork = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const before = await countRecords(collector);
    const sender = spawnSender(["spool", "drain", "--url", url], state);
    // Killed at any point of its work, but not before it has done some.
    await eventually(async () => ((await countRecords(collector)) > before ? true : undefined));
    await Bun.sleep(Math.random() * 10);
    sender.kill("SIGKILL");
    await sender.exited;
    if ((await waitingIn(state)) > 0) killedAtWork += 1;
  }
  const last = await runBinary(["spool", "drain", "--url", url], { env });
  if (last.code !== 0) throw new Error(`drain ended with ${last.code}: ${last.err}`);
  const isNext = ({ message }: StoredRecord, before: StoredRecord | undefined) =>
    Number(message) === Number(before?.message ?? 0) + 1;
  return { kills, killedAtWork, ...(await readBack(collector, isNext)) };
}

async function countRecords({ url }: Collector): Promise<number> {
  return ((await (await fetch(`${url}/logs/stats`)).json()) as { count: number }).count;
}

/** Goes through all records in the order in which they were stored. */
async function readBack(
  { url }: Collector,
  isNext: (record: StoredRecord, before: StoredRecord | undefined) => boolean,
): Promise<{ stored: number; misplaced: number }> {
  const response = await fetch(`${url}/logs?limit=all&order=asc`, { headers: { accept: "application/x-ndjson" } });
  let before: StoredRecord | undefined;
  let stored = 0;
  let misplaced = 0;
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const record: StoredRecord = JSON.parse(line);
      stored += 1;
      if (!isNext(record, before)) misplaced += 1;
      before = record;
    }
  }
  return { stored, misplaced };
}

async function residentMB(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await Bun.file(`/proc/${pid}/status`).text())?.[1]) / 1024;
}
