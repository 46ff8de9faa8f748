import { LogctlError } from "../errors.ts";
import type { IngestAnswer } from "../schema/api.ts";
import { type Batch, nextRequest } from "./batch.ts";
import type { Connection } from "./connection.ts";
import { type Attempt, postRecords } from "./post-records.ts";
import { BASE_DELAY_MS, jitteredDelayMs, readRetryAfterMs, type Sleep, sleep } from "./retry.ts";

export type DeliveryOptions = {
  /** Once aborted, a request under way is given a moment to end, and none is begun or repeated. */
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How long a collector that has answered before may be away, where a delivery does not say. */
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

/**
 * For what the collector refused to look at any record from `from` on; no attempt can do better. With the code
 * `unexpected_answer` it is no collector that answered.
 */
export type Refusal = { error: LogctlError; status: number };

export type DeliveryHooks = {
  /**
   * Told of each part as it is answered: mostly one, more where the batch has to be split, so that what is stored is known
   * even if a later part fails.
   */
  onPart(part: DeliveredPart): void;
  /** Told when the batch's `from`, `width` or `sentAtMs` has changed, before anything is sent that depends on it. */
  onProgress?(): void;
  /** Told of each attempt that may be repeated. */
  onFailure?(error: LogctlError): void;
  /** Asked after each such attempt for how long the collector may be away in all. */
  retryForMs?(): number;
  /** Asked before each wait between two attempts for what ends it early; `isAsked` where it is the collector that asked for it. */
  hurry?(isAsked: boolean): AbortSignal | undefined;
};

export type Delivery = {
  /** Whether the collector has answered, whatever it said. */
  hasAnswered(): boolean;
  /**
   * Stores what is left of a batch, each record exactly once however often it has to be tried, in order. Throws
   * `unreachable` when the collector has never answered or stays away for longer than there is time, or `interrupted`.
   */
  deliver(connection: Connection, batch: Batch, hooks: DeliveryHooks): Promise<Refusal | undefined>;
};

/** How long something else may answer in the place of a collector, as an ingress does while that is started anew. */
const SHADOWED_MS = 30_000;

/**
 * The way of records to a collector. A collector that was never there is taken for a mistake and reported at once;
 * one that has answered is waited for, also where something else answers in its place for a while.
 */
export function openDelivery(options: DeliveryOptions): Delivery {
  const { signal, now, retryForMs = 30_000, timeoutMs = 30_000, graceMs = 5_000, random = Math.random } = options;
  const pause = options.sleep ?? sleep;
  let hasAnswered = false;

  /** Tries the next request of a batch until there is an answer; the same key each time makes the repetition harmless. */
  async function post(connection: Connection, batch: Batch, hooks: DeliveryHooks): Promise<Exclude<Attempt, { kind: "failed" }>> {
    const { idempotencyKey, records } = nextRequest(batch);
    let failingSince: number | undefined;
    let shadowedSince: number | undefined;
    for (let count = 0; ; count += 1) {
      if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
      const sentBeforeMs = batch.sentAtMs;
      if (sentBeforeMs === 0) progress(batch, { sentAtMs: now() }, hooks);
      const attempt = await postRecords(connection, records, { idempotencyKey, signal, timeoutMs, graceMs });
      const isNoCollector = attempt.kind !== "answered" && attempt.error.code === "unexpected_answer";
      if (attempt.kind !== "failed" && !(attempt.kind === "refused" && isNoCollector)) {
        hasAnswered ||= !isNoCollector;
        return attempt;
      }
      const { error } = attempt;
      const response = attempt.kind === "failed" ? attempt.response : undefined;
      if (attempt.kind === "failed" && !attempt.sent) progress(batch, { sentAtMs: sentBeforeMs }, hooks);
      if (attempt.kind === "refused" && !hasAnswered) return attempt;
      hasAnswered ||= response !== undefined;
      hooks.onFailure?.(error);
      failingSince ??= now();
      shadowedSince = attempt.kind === "refused" ? (shadowedSince ?? now()) : undefined;
      const mayTakeMs = hooks.retryForMs?.() ?? (hasAnswered ? retryForMs : 0);
      const leftMs = Math.min(failingSince + mayTakeMs, (shadowedSince ?? Number.POSITIVE_INFINITY) + SHADOWED_MS) - now();
      if (leftMs <= 0 && attempt.kind === "refused") return attempt;
      if (leftMs <= 0) throw hasAnswered ? gaveUp(connection, now() - failingSince, error) : error;
      const askedMs = readRetryAfterMs(response?.headers.get("retry-after") ?? null, now());
      // A wait that the collector asks for may end after our own limit; it is then the last.
      const waitMs =
        askedMs === undefined ? Math.min(leftMs, jitteredDelayMs(count, random)) : askedMs + random() * BASE_DELAY_MS;
      await pause(waitMs, hooks.hurry?.(askedMs !== undefined) ?? signal);
      if (askedMs !== undefined && hooks.retryForMs?.() === 0) throw gaveUp(connection, now() - failingSince, error);
    }
  }

  async function deliver(connection: Connection, batch: Batch, hooks: DeliveryHooks): Promise<Refusal | undefined> {
    while (batch.from < batch.records.length) {
      const attempt = await post(connection, batch, hooks);
      const { from: first } = batch;
      const count = Math.min(batch.width, batch.records.length - first);
      if (attempt.kind === "refused") return attempt;
      if (attempt.kind === "too_large" && count > 1) {
        progress(batch, { width: Math.ceil(count / 2), sentAtMs: 0 }, hooks);
        continue;
      }
      const answer = attempt.kind === "answered" ? attempt.answer : answerOfRefusal(attempt.error, count);
      hooks.onPart({ answer, first, count });
      progress(batch, { from: first + count, sentAtMs: 0 }, hooks);
    }
    return undefined;
  }

  return { hasAnswered: () => hasAnswered, deliver };
}

function progress(batch: Batch, change: Partial<Pick<Batch, "from" | "width" | "sentAtMs">>, hooks: DeliveryHooks): void {
  Object.assign(batch, change);
  hooks.onProgress?.();
}

/** Enough for a person to see what is wrong. */
const MAX_NAMED = 10;

/** The answer that says of each of `count` records that it was refused for this reason; names the first ones only. */
export function answerOfRefusal({ code, message }: LogctlError, count: number): IngestAnswer {
  const named = Math.min(count, MAX_NAMED);
  const errors = Array.from({ length: named }, (_, index) => ({ index, code, field: null, message }));
  return { accepted: 0, rejected: count, errors, ...(named < count && { errors_omitted: count - named }) };
}

function gaveUp({ baseUrl }: Connection, afterMs: number, last: LogctlError): LogctlError {
  const reason = last.code === "unreachable" ? "" : ` (${last.code}: ${last.message})`;
  const message = `the collector at ${baseUrl} did not recover within ${Math.round(afterMs / 1000)} s${reason}`;
  return new LogctlError("unreachable", message, { cause: last });
}
