import { createRandom } from "../../src/simulate/random.ts";
import { type Collector, startCollector } from "./binary.ts";
import { peakMemoryMb, waited } from "./hostile-load.ts";

export type HostileQuery = { name: string; q: string };

const or = (count: number, clause: (index: number) => string) => Array.from({ length: count }, (_, i) => clause(i)).join(" OR ");

/** Known to take engines that try everything for ever, and two that are long in linear time. */
export const EVIL_PATTERNS: HostileQuery[] = [
  "(a+)+b$",
  "(a|a)*b$",
  "(a|aa)+b$",
  "(a|a?)+b$",
  "([a-z]+)*c$",
  "(.*a){12}c",
  "(.*)*c",
  "(a*)*c",
  "(a*a*)*c$",
  "(x+x+)+y",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
  "^(([a-zA-Z0-9_\\-]+)\\.?)+@c$",
  "(a?){30}a{30}c",
  "(ab|a|b)*c$",
  "((a+)+)+c",
  "[ab]*a[ab]{900}c",
  "([ab]{1,30}a){1,30}c",
].map((pattern) => ({ name: pattern.slice(0, 36), q: `/${pattern}/` }));

export const GLOBS: HostileQuery[] = [
  "*a*a*b*",
  "*a*b*",
  "*a?*b*",
  "*a*a*a*b",
  "a*a*a*c",
  "*?a?*c*",
  "*aaaaaaaaaaaaaaaaaaaac*",
  "*a*c",
  "a?a?a?a?a?*c",
  "*ab*ba*ab*c*",
  `*${"a*".repeat(200)}c*`,
  `*${"?".repeat(50)}*c*`,
].map((glob) => ({ name: glob.slice(0, 36), q: glob }));

export const LONG_QUERIES: HostileQuery[] = [
  { name: "750 values of an attribute", q: `u:(${or(750, (i) => `zz${i}`)})` },
  { name: "800 substrings", q: or(800, (i) => `*d${i}d*`) },
  { name: "700 regexes of an attribute", q: or(700, (i) => `u~r${i}..$`) },
  { name: "600 regexes", q: or(600, (i) => `/w${i}..*9/`) },
  { name: "900 words", q: or(900, (i) => `zq${i}`) },
  { name: "500 phrases", q: or(500, (i) => `"aa ${i} bb"`) },
  { name: "400 ranges", q: or(400, (i) => `n:[-${i + 2} TO -${i + 1}]`) },
  { name: "30 negations, one in the other", q: `${"NOT (".repeat(30)}*zz*${")".repeat(30)}` },
];

export type QueryReport = {
  status: string;
  ms: number;
  peakMb: number;
  /** How long others waited at most, in ms. */
  healthMs: number;
  readMs: number;
};

const TOKEN = { authorization: "Token svc-reports-123" };
const BATCH = 5000;
/** Then the client of a query leaves. */
const PATIENCE_MS = 20_000;
const EVERY_MS = 20;

/** A collector with so many records of 12 words, and three of one long word each. */
export async function startLoaded(records: number, binary?: string): Promise<Collector> {
  const collector = await startCollector([], binary === undefined ? {} : { binary });
  const random = createRandom(5);
  const letter = () => String.fromCharCode(97 + Math.floor(random.next() * 16));
  const words = Array.from({ length: 3000 }, () => Array.from({ length: 6 }, letter).join(""));
  const word = () => words[Math.floor(random.next() * words.length)] as string;
  const post = (body: string) => fetch(`${collector.url}/logs`, { method: "POST", body, headers: TOKEN });
  for (let left = records; left > 0; left -= BATCH) {
    const lines = Array.from({ length: Math.min(left, BATCH) }, (_, n) =>
      JSON.stringify({ message: Array.from({ length: 12 }, word).join(" "), u: `${word()}${n}`, n }),
    );
    await post(lines.join("\n"));
  }
  for (const message of [
    "a".repeat(100_000),
    "a".repeat(250_000),
    Array.from({ length: 250_000 }, () => "ab"[Math.floor(random.next() * 2)]).join(""),
  ])
    await post(JSON.stringify({ message }));
  return collector;
}

/** Asks the query, and for other things meanwhile. */
export async function measureBesideQuery(collector: Collector, { q }: HostileQuery): Promise<QueryReport> {
  const { url } = collector;
  let isOver = false;
  const longest = async (ask: () => Promise<Response>) => {
    let most = 0;
    for (; !isOver; await Bun.sleep(EVERY_MS)) most = Math.max(most, (await waited(ask)).ms);
    return Math.round(most);
  };
  for (const path of ["/health", "/logs?limit=1"]) await waited(() => fetch(url + path));
  const waits = Promise.all([longest(() => fetch(`${url}/health`)), longest(() => fetch(`${url}/logs?limit=1`))]);
  const startedMs = performance.now();
  const asked = fetch(`${url}/logs?limit=10&q=${encodeURIComponent(q)}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const status = await asked
    .then(async (response) => `${response.status}${(await response.text()).length > 3 ? " found" : ""}`)
    .catch((error: Error) => error.name);
  const ms = Math.round(performance.now() - startedMs);
  isOver = true;
  const [healthMs, readMs] = await waits;
  return { status, ms, peakMb: peakMemoryMb(collector), healthMs, readMs };
}
