import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ErrorBody,
  errorBodySchema,
  type IngestAnswer,
  ingestAnswerSchema,
  type StoredRecord,
  statsAnswerSchema,
  storedRecordSchema,
} from "../../src/schema/api.ts";
import { type App, createApp } from "../../src/server/create-app.ts";
import { openStore } from "../../src/store/blocks/open-block-store.ts";

export const REPORTS = "svc-reports-123";
export const PAYMENTS = "svc-payments-456";
export const URL_OF_APP = "http://localhost:8000";

export type TestApp = AsyncDisposable & {
  fetch: App;
  /** The database's file. */
  path: string;
  /** What the collector would have put into its own log. */
  failures: unknown[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(body: string | Uint8Array | ReadableStream, headers?: Record<string, string>): Promise<Response>;
};

export type TestAppOptions = {
  loopback?: boolean;
  now?: () => number;
  /** How soon a clock that jumps ahead is believed; by default at once. */
  clockBelievedAfterMs?: number;
  /** Runs before the collector opens the database. */
  prepare?: (path: string) => void;
};

/** The collector's app on a real store in a folder of its own, which goes when it is disposed of. No socket. */
export async function openTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { loopback = true, now = () => Date.now(), clockBelievedAfterMs = 0, prepare } = options;
  const folder = await mkdtemp(join(tmpdir(), "logctl-test-"));
  const path = join(folder, "logs.db");
  prepare?.(path);
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const store = await openStore({ path, pid: process.pid, now, clockBelievedAfterMs, onFailure });
  const fetch = createApp({ store, loopback, version: "1.2.3", now, clockBelievedAfterMs, onFailure });
  return {
    fetch,
    path,
    failures,
    get: (target, headers = {}) => fetch(new Request(URL_OF_APP + target, { headers: { host: "localhost:8000", ...headers } })),
    post: (body, headers = {}) =>
      fetch(
        new Request(`${URL_OF_APP}/logs`, {
          method: "POST",
          body: body as string,
          headers: { authorization: `Token ${REPORTS}`, ...headers },
        }),
      ),
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** `count` records as NDJSON, numbered from `first`. */
export function numberedLines(count: number, first = 0): string {
  return Array.from({ length: count }, (_, i) => JSON.stringify({ message: `record ${first + i}` })).join("\n");
}

/** The answers, held to the contract's schemas. */
export async function recordsOf(response: Response | Promise<Response>): Promise<StoredRecord[]> {
  return storedRecordSchema.array().parse(await (await response).json());
}

export async function ingestAnswerOf(response: Response | Promise<Response>): Promise<IngestAnswer> {
  return ingestAnswerSchema.strict().parse(await (await response).json());
}

export async function errorOf(response: Response | Promise<Response>): Promise<ErrorBody["error"]> {
  return errorBodySchema.strict().parse(await (await response).json()).error;
}

export async function countOf(response: Response | Promise<Response>): Promise<number> {
  return statsAnswerSchema.strict().parse(await (await response).json()).count;
}
