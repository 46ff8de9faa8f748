import fc from "fast-check";
import { errorBodySchema, ingestAnswerSchema } from "../../src/schema/api.ts";
import { type Collector, startCollector } from "./binary.ts";
import { type FuzzRequest, fuzzRequests } from "./fuzz-requests.ts";

export type FuzzOptions = {
  requests: number;
  seed: number;
  /** How long it rests after each quarter: a collector without requests gives back what those before have left. */
  restMs: number;
  /** Told now and then how far it is. */
  onProgress?: (done: number, residentMB: number) => void;
};

export type FuzzReport = {
  requests: number;
  seed: number;
  /** How often each status was answered. */
  statuses: Record<string, number>;
  /** Answers that must not be, and requests without one; none is what is wanted. */
  failures: string[];
  accepted: number;
  stored: number;
  /** Records with a known meaning that were read back, and those of them that are not as they were sent. */
  known: number;
  wrong: number;
  /** The collector's memory in MB: the most there was, and what it kept when it had rested after each quarter of the requests. */
  peakMB: number;
  restMB: number[];
  /** Lines of level error in the collector's own log. */
  errors: number;
  exitCode: number | null;
};

const CONNECTIONS = 16;
const AT_A_TIME = 400;
/** A stream has no end of its own: so much of it is read. */
const STREAM_BYTES = 64 * 1024;
const TIMEOUT_MS = 30_000;
const NAME = /^fuzz-\d+ /;

/** Sends made-up requests to a collector of their own, looks at every answer, and reads back what was accepted. */
export async function runFuzz({ requests, seed, restMs, onProgress }: FuzzOptions): Promise<FuzzReport> {
  await using collector = await startCollector(["--body-timeout", "5"]);
  const expected = new Map<string, Record<string, unknown>>();
  const statuses: Record<string, number> = {};
  const failures: string[] = [];
  let peakMB = 0;
  const restMB: number[] = [];
  let names = 0;
  let accepted = 0;

  const arbitrary = fuzzRequests(() => `fuzz-${names++}`);

  async function send(request: FuzzRequest): Promise<void> {
    let status: number;
    try {
      const answer = await ask(collector, request);
      status = answer.status;
      const fault = faultOf(answer, request);
      if (fault !== undefined) failures.push(`${describe(request)}: ${fault}`);
      accepted += acceptedOf(answer, request);
      if (status === 200) for (const record of request.records ?? []) expected.set(nameOf(record["message"]) as string, record);
    } catch (error) {
      failures.push(`${describe(request)}: no answer: ${(error as Error).message}`);
      return;
    }
    statuses[status] = (statuses[status] ?? 0) + 1;
  }

  for (let done = 0; done < requests; done += AT_A_TIME) {
    const batch = fc.sample(arbitrary, { seed: seed + done, numRuns: Math.min(AT_A_TIME, requests - done) });
    const rest = batch.values();
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (const request of rest) await send(request);
      }),
    );
    const resident = await residentMB(collector.pid);
    peakMB = Math.max(peakMB, Math.round(resident));
    onProgress?.(done + batch.length, resident);
    if (Math.floor((4 * (done + batch.length)) / requests) > restMB.length) {
      await Bun.sleep(restMs);
      restMB.push(Math.round(await residentMB(collector.pid)));
    }
  }
  const { stored, known, wrong } = await readBack(collector, expected);
  const exitCode = await collector.stop();
  const errors = collector
    .err()
    .split("\n")
    .filter((line) => line.includes('"level":"error"')).length;
  return { requests, seed, statuses, failures, accepted, stored, known, wrong, peakMB, restMB, errors, exitCode };
}

type Answer = { status: number; retryAfter: string | null; text: string };

async function ask({ url }: Collector, { method, path, headers, body }: FuzzRequest): Promise<Answer> {
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(new Error(`none within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: "Token svc-reports-123", ...headers },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
      signal: stop.signal,
      redirect: "manual",
    });
    const isStream = path.startsWith("/logs/tail") && response.status === 200;
    const text = isStream ? await startOf(response) : await response.text();
    return { status: response.status, retryAfter: response.headers.get("retry-after"), text };
  } finally {
    clearTimeout(limit);
    stop.abort();
  }
}

/** The first piece is enough: what comes next may take for ever. */
async function startOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) return decoder.decode((chunk as Uint8Array).subarray(0, STREAM_BYTES));
  return "";
}

/** Why an answer must not be; undefined where it may. */
function faultOf({ status, retryAfter, text }: Answer, { method, records }: FuzzRequest): string | undefined {
  if (records !== undefined && status !== 200 && status !== 503) return `records that are right were answered ${status}: ${text}`;
  if (status === 503) return retryAfter === null ? "503 without Retry-After" : undefined;
  if (status >= 500) return `${status}: ${text}`;
  if (status < 400 || method === "HEAD") return undefined;
  const body = parseJson(text);
  const isKnown = errorBodySchema.safeParse(body).success || ingestAnswerSchema.safeParse(body).success;
  return isKnown ? undefined : `${status} with a body that says nothing: ${text.slice(0, 200)}`;
}

function acceptedOf({ status, text }: Answer, { method }: FuzzRequest): number {
  if ((method !== "POST" && method !== "PUT") || (status !== 200 && status !== 207)) return 0;
  const answer = ingestAnswerSchema.parse(JSON.parse(text));
  return answer.duplicate === true ? 0 : answer.accepted;
}

/** Reads all there is, and holds the known records to what was sent. */
async function readBack({ url }: Collector, expected: Map<string, Record<string, unknown>>) {
  const response = await fetch(`${url}/logs?limit=all`, { headers: { accept: "application/x-ndjson" } });
  const seen = new Set<string>();
  let stored = 0;
  let wrong = 0;
  const check = (line: string) => {
    stored += 1;
    const { message, attributes = {} } = JSON.parse(line) as { message: string; attributes?: Record<string, unknown> };
    const name = nameOf(message);
    const sent = name === undefined ? undefined : expected.get(name);
    if (name === undefined || sent === undefined) return;
    if (seen.has(name) || !Bun.deepEquals({ message, ...attributes }, sent, true)) wrong += 1;
    seen.add(name);
  };
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) check(line);
  }
  return { stored, known: seen.size, wrong: wrong + expected.size - seen.size };
}

function nameOf(message: unknown): string | undefined {
  return typeof message === "string" ? NAME.exec(message)?.[0] : undefined;
}

function describe({ method, path, headers, body }: FuzzRequest): string {
  const start = body === undefined ? "" : ` ${Buffer.from(body.subarray(0, 300)).toString("latin1")}`;
  return `${method} ${path} ${JSON.stringify(headers)}${start}`;
}

async function residentMB(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await Bun.file(`/proc/${pid}/status`).text())?.[1]) / 1024;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
