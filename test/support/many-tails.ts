import type { Collector } from "./binary.ts";
import { cpuTicks } from "./cpu-ticks.ts";
import { peakMemoryMb, waited } from "./hostile-load.ts";

type TailsLoad = { tails: number; isReplay: boolean };
type Waits = { median: number; most: number };
type TailsReport = TailsLoad & {
  write: Waits;
  read: Waits;
  health: Waits;
  cores: number;
  peakMb: number;
  /** How long the slowest tail took for what was written for it in the end, in ms. */
  lastTailMs: number;
};

const HEADERS = { authorization: "Token svc-reports-123" };
const SECONDS = 8;
const EVERY_MS = 20;
const BATCH = 100;

/** A filter of its own for the tail of a number: each finds what has its word. */
const TAIL_FILTERS: ((word: string) => Record<string, string>)[] = [
  (word) => ({ q: word }),
  (word) => ({ q: word, service: "reports" }),
  (word) => ({ q: word, min_severity: "warn" }),
  (word) => ({ q: `u:${word}` }),
  (word) => ({ q: `/${word}$/` }),
];

/** Measures for some seconds what others wait for beside so many tails, and whether each of these gets its record in the end. */
export async function measureBesideTails(collector: Collector, load: TailsLoad): Promise<TailsReport> {
  const { url } = collector;
  const wordOf = (index: number) => `tail${index}of${load.tails}${load.isReplay}`;
  const tails = await Promise.all(
    Array.from({ length: load.tails }, (_, index) => {
      const filter = TAIL_FILTERS[index % TAIL_FILTERS.length]?.(wordOf(index)) ?? {};
      return openTail(url, { ...filter, ...(load.isReplay && { after: "0" }) }, `it is ${wordOf(index)}`);
    }),
  );
  const endsAtMs = performance.now() + SECONDS * 1000;
  const ticksBefore = cpuTicks(collector.pid);
  const measure = async (ask: () => Promise<Response>): Promise<Waits> => {
    const waits: number[] = [];
    for (; performance.now() < endsAtMs; await Bun.sleep(EVERY_MS)) waits.push((await waited(ask)).ms);
    waits.sort((a, b) => a - b);
    return { median: Math.round(waits[waits.length >> 1] ?? 0), most: Math.round(waits.at(-1) ?? 0) };
  };
  const post = (body: string) => fetch(`${url}/logs`, { method: "POST", headers: HEADERS, body });
  const line = '{"message":"a request of somebody took long","severity":"warn","u":"x1","n":17}';
  const body = Array.from({ length: BATCH }, () => line).join("\n");
  const [write, read, health] = await Promise.all([
    measure(() => post(body)),
    measure(() => fetch(`${url}/logs?limit=1`)),
    measure(() => fetch(`${url}/health`)),
  ]);
  const cores = (cpuTicks(collector.pid) - ticksBefore) / 100 / SECONDS;
  const startedMs = performance.now();
  const wanted = tails.map((_, i) => JSON.stringify({ message: `it is ${wordOf(i)}`, severity: "error", u: wordOf(i) }));
  if (tails.length > 0) await post(wanted.join("\n"));
  await Promise.all(tails.map(({ found }) => found));
  const lastTailMs = Math.round(performance.now() - startedMs);
  for (const { leave } of tails) leave();
  return { ...load, write, read, health, cores, peakMb: peakMemoryMb(collector), lastTailMs };
}

/** A tail over a socket of its own, since `fetch` has no more than 256. */
async function openTail(url: string, parameters: Record<string, string>, wanted: string) {
  const { hostname, port, host } = new URL(url);
  const found = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let text = "";
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, bytes) {
        text += decoder.decode(bytes, { stream: true });
        if (text.includes("retry: ")) opened.resolve();
        if (text.includes(wanted)) found.resolve();
      },
      close: () => found.reject(new Error(`a tail ended: ${text}`)),
    },
  });
  found.promise.catch(() => {});
  socket.write(`GET /logs/tail?${new URLSearchParams(parameters)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await opened.promise;
  return { found: found.promise, leave: () => socket.end() };
}
