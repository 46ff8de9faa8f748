import { LogctlError } from "../errors.ts";
import type { IngestAnswer } from "../schema/api.ts";
import type { Connection } from "./connection.ts";
import { type Attempt, postRecords } from "./post-records.ts";
import { BASE_DELAY_MS, jitteredDelayMs, readRetryAfterMs, type Sleep, sleep } from "./retry.ts";

export type DeliveryOptions = {
  /** Once aborted, a request under way is given a moment to end, and none is begun or repeated. */
  signal: AbortSignal;
  now: () => number;
  /** How long a collector that has answered before may be away. */
  retryForMs?: number;
  /** How long one attempt may take. */
  timeoutMs?: number;
  /** How long an attempt under way may take once the signal is aborted. */
  graceMs?: number;
  sleep?: Sleep;
  random?: () => number;
};

export type Delivery = {
  /**
   * Stores records (each a JSON text without line breaks), each exactly once however often it has to be tried, and says
   * what the collector accepted and refused; `index` counts `records` from 0. Throws `unreachable` when the collector
   * has never answered or stays away too long, `interrupted`, or the error for which it refuses to look at any record.
   */
  deliver(connection: Connection, records: readonly string[]): Promise<IngestAnswer>;
};

/**
 * The way of records to a collector. A collector that was never there is taken for a mistake and reported at once;
 * one that has answered is waited for.
 */
export function openDelivery(options: DeliveryOptions): Delivery {
  const { signal, now, retryForMs = 30_000, timeoutMs = 30_000, graceMs = 5_000, random = Math.random } = options;
  const pause = options.sleep ?? sleep;
  let hasAnswered = false;

  /** Tries until there is an answer; the same key each time makes the repetition harmless. */
  async function post(connection: Connection, records: readonly string[]): Promise<Exclude<Attempt, { kind: "failed" }>> {
    const idempotencyKey = crypto.randomUUID();
    let failingSince: number | undefined;
    for (let count = 0; ; count += 1) {
      if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
      const attempt = await postRecords(connection, records, { idempotencyKey, signal, timeoutMs, graceMs });
      if (attempt.kind !== "failed") {
        hasAnswered = true;
        return attempt;
      }
      hasAnswered ||= attempt.response !== undefined;
      if (!hasAnswered) throw attempt.error;
      failingSince ??= now();
      const leftMs = failingSince + retryForMs - now();
      if (leftMs <= 0) throw gaveUp(connection, retryForMs, attempt.error);
      const askedMs = readRetryAfterMs(attempt.response?.headers.get("retry-after") ?? null, now());
      // A wait that the collector asks for may end after our own limit; it is then the last.
      const waitMs =
        askedMs === undefined ? Math.min(leftMs, jitteredDelayMs(count, random)) : askedMs + random() * BASE_DELAY_MS;
      await pause(waitMs, signal);
    }
  }

  async function deliver(connection: Connection, records: readonly string[]): Promise<IngestAnswer> {
    const attempt = await post(connection, records);
    if (attempt.kind === "answered") return attempt.answer;
    const { code, message } = attempt.error;
    if (records.length <= 1) return { accepted: 0, rejected: records.length, errors: [{ index: 0, code, field: null, message }] };
    const middle = Math.ceil(records.length / 2);
    const first = await deliver(connection, records.slice(0, middle));
    return joinAnswers(first, middle, await deliver(connection, records.slice(middle)));
  }

  return { deliver };
}

function joinAnswers(first: IngestAnswer, firstCount: number, second: IngestAnswer): IngestAnswer {
  const moved = second.errors.map((error) => ({ ...error, index: error.index + firstCount }));
  const omitted = (first.errors_omitted ?? 0) + (second.errors_omitted ?? 0);
  return {
    accepted: first.accepted + second.accepted,
    rejected: first.rejected + second.rejected,
    errors: [...first.errors, ...moved],
    ...(omitted > 0 && { errors_omitted: omitted }),
  };
}

function gaveUp({ baseUrl }: Connection, retryForMs: number, last: LogctlError): LogctlError {
  const reason = last.code === "unreachable" ? "" : ` (${last.code}: ${last.message})`;
  return new LogctlError("unreachable", `the collector at ${baseUrl} did not recover within ${retryForMs / 1000} s${reason}`, {
    cause: last,
  });
}
