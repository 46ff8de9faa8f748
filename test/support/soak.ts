import { readdirSync, statSync } from "node:fs";
import { type Collector, runBinary, startCollector } from "./binary.ts";
import { makeFalseClock } from "./false-clock.ts";
import { parsePrometheus } from "./prometheus.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export type SoakOptions = { minutes: number; onProgress?: (line: string) => void };

/** What must balance in the end; `faults` says of what does not, and is empty where all does. */
export type SoakReport = {
  records: { acknowledged: number; newestId: number; stored: number; lost: number; doubled: number; outOfOrder: number };
  receipts: { known: number; bytes: number; retried: number; notKnown: number };
  bytes: { database: number; largest: number };
  memory: { peakMB: number };
  descriptors: { atRest: number; after: number };
  restarts: number;
  clockJumps: number;
  reads: { pages: number; exports: number; tailed: number; repeated: number };
  faults: string[];
};

const MAX_BYTES = 30_000_000;
const TOKEN = { authorization: "Token svc-reports-123" };
const DAY_S = 86_400;
const JUMPS_DAYS = [30, -30, 8, 0];
/** Bounds that are far from what is seen, and farther from what a leak comes to. */
const MOST_MEMORY_MB = 600;
const MOST_DESCRIPTORS_MORE = 16;
/** A merge and what it replaces are there at once, and so is what was written since the last look. */
const MOST_BYTES = MAX_BYTES * 1.6;
const LEAST_KEPT_BYTES = MAX_BYTES / 3;
const RESTART_EVERY_MS = 9000;
/** Keys of requests this young are tried again in the end: older ones' records may be gone, and the keys with them. */
const RETRIED_FOR_MS = 4000;

type Sent = { key: string; body: string; atMs: number };

/**
 * A collector with limits of size and age under everything at once: requests with idempotency keys of one record and of many,
 * retries, readers, tails, exports, compaction, restarts by SIGTERM and SIGKILL, and a clock that jumps by days. In the end the
 * accounts of records, receipts, bytes, memory and descriptors must balance.
 */
export async function runSoak({ minutes, onProgress = () => {} }: SoakOptions): Promise<SoakReport> {
  await using scratch = await makeTemporaryFolder();
  const clock = makeFalseClock(scratch.file("."));
  const args = ["--max-size", "30MB", "--retain", "2m", "--log-format", "json"];
  await using collector = await startCollector(args, { env: clock?.env ?? {} });
  const port = new URL(collector.url).port;
  const ends = performance.now() + minutes * 60_000;
  const isOver = () => performance.now() >= ends;
  const report = emptyReport();
  await readAll(collector.url);
  report.descriptors.atRest = countDescriptors(collector.pid);

  const senders = [
    ...Array.from({ length: 4 }, (_, i) => createSender(collector, `single-${i}`, () => 1, 60)),
    ...Array.from({ length: 2 }, (_, i) =>
      createSender(collector, `batch-${i}`, () => 200 + Math.floor(Math.random() * 300), 700),
    ),
  ];
  const work = [
    ...senders.map((sender) => sender.run(isOver)),
    readPages(collector, report, isOver),
    readExports(collector, report, isOver),
    readTail(collector, report, isOver),
    watch(collector, report, isOver),
    disturb(),
  ];

  async function disturb(): Promise<void> {
    for (let round = 0; !isOver(); round += 1) {
      await Bun.sleep(RESTART_EVERY_MS);
      if (isOver()) return;
      clock?.set((JUMPS_DAYS[round % JUMPS_DAYS.length] as number) * DAY_S);
      if (clock !== undefined) report.clockJumps += 1;
      await Bun.sleep(1000);
      if (round % 2 === 0) await collector.kill();
      else if ((await collector.stop()) !== 0) report.faults.push("SIGTERM did not end the collector with exit code 0");
      if (round % 3 === 0) clock?.set(0);
      await collector.restart(["--port", port]);
      report.restarts += 1;
      onProgress(
        `${report.restarts} restarts, ${senders.reduce((sum, { acknowledged }) => sum + acknowledged(), 0)} records acknowledged`,
      );
      clock?.set(0);
    }
  }

  await Promise.all(work);
  clock?.set(0);
  await account(collector, senders, report);
  return report;
}

function emptyReport(): SoakReport {
  return {
    records: { acknowledged: 0, newestId: 0, stored: 0, lost: 0, doubled: 0, outOfOrder: 0 },
    receipts: { known: 0, bytes: 0, retried: 0, notKnown: 0 },
    bytes: { database: 0, largest: 0 },
    memory: { peakMB: 0 },
    descriptors: { atRest: 0, after: 0 },
    restarts: 0,
    clockJumps: 0,
    reads: { pages: 0, exports: 0, tailed: 0, repeated: 0 },
    faults: [],
  };
}

/** Sends batch after batch, each with a key, until it is acknowledged; every fifth one once more. Records are numbered from 0 on. */
function createSender(collector: Collector, name: string, size: () => number, textBytes: number) {
  let next = 0;
  const recent: Sent[] = [];
  const faults: string[] = [];

  async function post({ key, body }: Sent): Promise<{ status: number; duplicate: boolean } | undefined> {
    try {
      const headers = { ...TOKEN, "idempotency-key": key };
      const response = await fetch(`${collector.url}/logs`, { method: "POST", body, headers });
      const answer = (await response.json()) as { duplicate?: true };
      return { status: response.status, duplicate: answer.duplicate === true };
    } catch {
      // Killed, or not there yet.
      return undefined;
    }
  }

  async function deliver(sent: Sent): Promise<void> {
    for (;;) {
      const answer = await post(sent);
      if (answer?.status === 200) return;
      if (answer !== undefined && answer.status !== 503) faults.push(`${name}: a write was answered ${answer.status}`);
      await Bun.sleep(20);
    }
  }

  return {
    name,
    faults,
    acknowledged: () => next,
    async run(isOver: () => boolean): Promise<void> {
      for (let batch = 0; !isOver(); batch += 1) {
        const count = size();
        const lines = Array.from({ length: count }, (_, i) => {
          const text = Buffer.from(crypto.getRandomValues(new Uint8Array(textBytes))).toString("base64");
          return JSON.stringify({ message: `${name} ${next + i} ${text}` });
        });
        const sent = { key: crypto.randomUUID(), body: lines.join("\n"), atMs: performance.now() };
        await deliver(sent);
        next += count;
        recent.push(sent);
        while ((recent[0]?.atMs ?? sent.atMs) < sent.atMs - RETRIED_FOR_MS) recent.shift();
        if (batch % 5 === 0) await deliver(sent);
        // Some load, not all that the machine bears: the readers are to have their turn.
        await Bun.sleep(count > 1 ? 150 : 10);
      }
    },
    /** Sends the latest ones again; answers how many there were, and how many were taken for new. */
    async retry(): Promise<{ retried: number; notKnown: number }> {
      let notKnown = 0;
      for (const sent of recent) {
        const answer = await post(sent);
        if (answer?.status !== 200 || !answer.duplicate) notKnown += 1;
      }
      return { retried: recent.length, notKnown };
    },
  };
}

type Sender = ReturnType<typeof createSender>;

/** Does one thing after another, whatever the collector answers meanwhile, or whether there is one. */
async function repeat(isOver: () => boolean, restMs: number, work: () => Promise<void>): Promise<void> {
  while (!isOver()) {
    try {
      await work();
    } catch {
      // It was killed meanwhile.
    }
    await Bun.sleep(restMs);
  }
}

function readPages(collector: Collector, report: SoakReport, isOver: () => boolean): Promise<void> {
  return repeat(isOver, 50, async () => {
    let path: string | undefined = "/logs?limit=200";
    for (let page = 0; page < 5 && path !== undefined; page += 1) {
      const response: Response = await fetch(collector.url + path);
      const records = (await response.json()) as { id: number }[];
      if (response.status === 200) checkOrder(report, records, -1);
      path = /<([^>]+)>/.exec(response.headers.get("link") ?? "")?.[1];
      report.reads.pages += 1;
    }
    await (await fetch(`${collector.url}/logs/stats?by=severity&interval=1m`)).json();
  });
}

function readExports(collector: Collector, report: SoakReport, isOver: () => boolean): Promise<void> {
  return repeat(isOver, 2000, async () => {
    await readAll(collector.url);
    report.reads.exports += 1;
  });
}

/** Follows all that comes, across restarts: no record twice, and none out of order. */
async function readTail(collector: Collector, report: SoakReport, isOver: () => boolean): Promise<void> {
  let lastId = 0;
  await repeat(isOver, 50, async () => {
    const left = new AbortController();
    const leaving = setInterval(() => isOver() && left.abort(), 200);
    try {
      const url = `${collector.url}/logs/tail?after=${lastId}`;
      const response = await fetch(url, { signal: left.signal });
      const decoder = new TextDecoder();
      let text = "";
      for await (const bytes of response.body as ReadableStream<Uint8Array>) {
        text += decoder.decode(bytes, { stream: true });
        const events = text.split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) {
          const id = Number(/^data: \{"id":(\d+)/m.exec(event)?.[1] ?? Number.NaN);
          if (Number.isNaN(id)) continue;
          if (id <= lastId) report.reads.repeated += 1;
          lastId = Math.max(lastId, id);
          report.reads.tailed += 1;
        }
      }
    } finally {
      clearInterval(leaving);
    }
  });
}

function watch(collector: Collector, report: SoakReport, isOver: () => boolean): Promise<void> {
  return repeat(isOver, 250, async () => {
    const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    report.bytes.largest = Math.max(report.bytes.largest, sizeOf(collector.database) + sizeOf(`${collector.database}-wal`));
    const status = await Bun.file(`/proc/${collector.pid}/status`).text();
    // One that has ended, and was not waited for yet, has no memory any more.
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    report.memory.peakMB = Math.max(report.memory.peakMB, Math.round(peakKb / 1024));
  });
}

function checkOrder(report: SoakReport, records: { id: number }[], direction: 1 | -1): void {
  for (const [index, { id }] of records.entries()) {
    const before = records[index - 1]?.id;
    if (before !== undefined && Math.sign(id - before) !== direction) report.records.outOfOrder += 1;
  }
}

async function readAll(url: string): Promise<{ id: number; message: string }[]> {
  const response = await fetch(`${url}/logs?limit=all&order=asc`, { headers: { accept: "application/x-ndjson" } });
  return (await response.text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { id: number; message: string });
}

function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

async function account(collector: Collector, senders: Sender[], report: SoakReport): Promise<void> {
  const { records, receipts, faults } = report;
  for (const sender of senders) {
    faults.push(...sender.faults);
    const { retried, notKnown } = await sender.retry();
    receipts.retried += retried;
    receipts.notKnown += notKnown;
    records.acknowledged += sender.acknowledged();
  }
  const all = await readAll(collector.url);
  checkOrder(report, all, 1);
  records.stored = all.length;
  records.newestId = all.at(-1)?.id ?? 0;
  for (const { name, acknowledged } of senders) {
    const numbers = all
      .filter(({ message }) => message.startsWith(`${name} `))
      .map(({ message }) => Number(message.split(" ")[1]));
    records.doubled += numbers.length - new Set(numbers).size;
    // Only the oldest may be gone.
    const [first = acknowledged()] = numbers;
    records.lost += acknowledged() - first - new Set(numbers).size;
  }
  const metrics = parsePrometheus(await (await fetch(`${collector.url}/metrics`)).text());
  receipts.known = metrics.get("logctl_receipts")?.samples[0]?.value ?? Number.NaN;
  receipts.bytes = metrics.get("logctl_receipt_bytes")?.samples[0]?.value ?? Number.NaN;
  report.descriptors.after = countDescriptors(collector.pid);
  if ((await collector.stop()) !== 0) faults.push("SIGTERM did not end the collector with exit code 0");
  report.bytes.database = statSync(collector.database).size;
  const left = readdirSync(collector.folder).filter((file) => /-(wal|shm|reserve)$/.test(file));
  if (left.length > 0) faults.push(`left behind: ${left.join(" ")}`);
  const { code, out } = await runBinary(["verify", "--db", collector.database]);
  if (code !== 0) faults.push(`verify: ${out}`);
  hold(records.lost === 0, "acknowledged records were lost");
  hold(records.doubled === 0, "records were stored twice");
  hold(records.outOfOrder === 0, "records came out of order");
  hold(records.newestId === records.acknowledged, "ids were given to what nobody was told of, or not given");
  hold(receipts.notKnown === 0, "keys of the last seconds were not known any more");
  hold(receipts.bytes <= MAX_BYTES / 8, "receipts take more than their part");
  hold(report.bytes.database <= MAX_BYTES, "the database is larger than its limit");
  hold(report.bytes.largest <= MOST_BYTES, "the database was much larger than its limit");
  const limitReached = records.stored < records.acknowledged;
  hold(!limitReached || report.bytes.database >= LEAST_KEPT_BYTES, "records were dropped though there was room");
  hold(!collector.err().includes("older than --retain"), "records of the last two minutes were dropped for their age");
  hold(report.memory.peakMB <= MOST_MEMORY_MB, "too much memory");
  hold(report.descriptors.after <= report.descriptors.atRest + MOST_DESCRIPTORS_MORE, "descriptors leak");
  hold(report.reads.repeated === 0, "the tail gave a record twice");
  hold(report.reads.pages > 0 && report.reads.exports > 0 && report.reads.tailed > 0, "something was not read");

  function hold(holds: boolean, fault: string): void {
    if (!holds) faults.push(fault);
  }
}
