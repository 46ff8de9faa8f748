import { LogctlError } from "../errors.ts";
import type { IngestAnswer } from "../schema/api.ts";
import type { Connection } from "./connection.ts";
import { type Attempt, postRecords } from "./post-records.ts";
import { BASE_DELAY_MS, jitteredDelayMs, readRetryAfterMs, type Sleep, sleep } from "./retry.ts";

export type DeliveryOptions = {
  /** Once aborted, a request under way is given a moment to end, and none is begun or repeated. */
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
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

/** What became of `count` records from `first` on; the answer's own `index` counts from there. */
export type DeliveredPart = { answer: IngestAnswer; first: number; count: number };

export type Delivery = {
  /**
   * Stores records (each a JSON text without line breaks), each exactly once however often it has to be tried, in order.
   * Tells of each part as it is answered: mostly one, more where the batch has to be split, so that what is stored is
   * known even if a later part fails. Throws `unreachable` when the collector has never answered or stays away too
   * long, `interrupted`, or the error for which it refuses to look at any record.
   */
  deliver(connection: Connection, records: readonly string[], onPart: (part: DeliveredPart) => void): Promise<void>;
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

  async function deliverFrom(
    connection: Connection,
    records: readonly string[],
    first: number,
    onPart: (part: DeliveredPart) => void,
  ): Promise<void> {
    const attempt = await post(connection, records);
    const count = records.length;
    if (attempt.kind === "answered") return onPart({ answer: attempt.answer, first, count });
    if (count <= 1) return onPart({ answer: refusalOf(attempt.error, count), first, count });
    const middle = Math.ceil(count / 2);
    await deliverFrom(connection, records.slice(0, middle), first, onPart);
    await deliverFrom(connection, records.slice(middle), first + middle, onPart);
  }

  return { deliver: (connection, records, onPart) => deliverFrom(connection, records, 0, onPart) };
}

/** What a record is answered with that is too large for a request of its own. */
function refusalOf({ code, message }: LogctlError, count: number): IngestAnswer {
  return { accepted: 0, rejected: count, errors: [{ index: 0, code, field: null, message }] };
}

function gaveUp({ baseUrl }: Connection, retryForMs: number, last: LogctlError): LogctlError {
  const reason = last.code === "unreachable" ? "" : ` (${last.code}: ${last.message})`;
  return new LogctlError("unreachable", `the collector at ${baseUrl} did not recover within ${retryForMs / 1000} s${reason}`, {
    cause: last,
  });
}
