import { type ErrorCode, LogctlError } from "../../errors.ts";
import { IDEMPOTENCY_KEY_RETENTION_MS } from "../../schema/limits.ts";
import type { Batch } from "../batch.ts";
import type { Connection } from "../connection.ts";
import { answerOfRefusal, type DeliveredPart, type Delivery, type DeliveryHooks, type Refusal } from "../delivery.ts";
import { keepRefused } from "./dead-letters.ts";
import type { Spool, SpooledBatch } from "./spool-batch.ts";

export type DrainOptions = Pick<DeliveryHooks, "onFailure" | "retryForMs" | "hurry"> & {
  connection: Connection;
  delivery: Delivery;
  now: () => number;
  /** Of refused records no more than so many bytes are kept. */
  maxDeadBytes: number;
  /** What was spooled longer ago is given up. */
  maxAgeMs: number | undefined;
  /** Told of each part as it is answered. */
  onPart(part: DeliveredPart, isOwn: boolean): void;
  /** Told of records that are given up for their age, or were refused and not kept. */
  onLoss(reason: "tooOld" | "notKept", count: number): void;
};

/** Collectors' clocks may differ from ours by this. */
const CLOCK_MARGIN_MS = 3_600_000;

/** Delivers what waits in a spool, in order. Throws as `deliverBatch` does; what is not answered then still waits. */
export async function drainSpool(spool: Spool, options: DrainOptions): Promise<void> {
  for (let head = spool.head(); head !== undefined; head = spool.head()) {
    await deliverHead(spool, head, options);
    spool.remove();
  }
}

/** The same; a spool that cannot be used any more is told of and left, so that it costs no other one anything. */
export async function drainUnlessUnusable(
  spool: Spool,
  options: DrainOptions,
  onUnusable: (error: LogctlError) => void,
): Promise<void> {
  try {
    await drainSpool(spool, options);
  } catch (error) {
    if (!(error instanceof LogctlError) || error.code !== "spool_unusable") throw error;
    onUnusable(error);
  }
}

async function deliverHead(spool: Spool, head: SpooledBatch, options: DrainOptions): Promise<void> {
  const { batch, isOwn } = head;
  const { now, maxAgeMs } = options;
  const left = batch.records.length - batch.from;
  if (maxAgeMs !== undefined && now() - head.createdAtMs > maxAgeMs) return options.onLoss("tooOld", left);
  const bury = (part: DeliveredPart) => {
    if (!keepRefused(spool.folder, batch, part, now(), options.maxDeadBytes)) options.onLoss("notKept", part.answer.rejected);
    options.onPart(part, isOwn);
  };
  if (batch.sentAtMs > 0 && now() - batch.sentAtMs > IDEMPOTENCY_KEY_RETENTION_MS - CLOCK_MARGIN_MS) {
    return bury({ answer: answerOfRefusal(forgotten(batch), left), first: batch.from, count: left });
  }
  if (head.isUncertain) return bury({ answer: answerOfRefusal(UNCERTAIN, left), first: batch.from, count: left });
  let { width } = batch;
  await deliverBatch(batch, {
    ...options,
    onPart: bury,
    onProgress() {
      // How a batch was split must outlive a power cut too: the collector knows its parts by that.
      spool.save(batch.width !== width);
      width = batch.width;
    },
  });
}

/**
 * Delivers what is left of a batch. What the collector refuses as a whole is told as a part all of which is refused. Throws
 * as a delivery does, and what the refusal stands for where it is not about the records: the token, or no collector.
 */
export async function deliverBatch(
  batch: Batch,
  { connection, delivery, ...hooks }: Pick<DrainOptions, "connection" | "delivery"> & DeliveryHooks,
): Promise<void> {
  const refusal = await delivery.deliver(connection, batch, hooks);
  if (refusal === undefined) return;
  if (isAboutSender(refusal)) throw refusal.error;
  const count = batch.records.length - batch.from;
  hooks.onPart({ answer: answerOfRefusal(refusal.error, count), first: batch.from, count });
}

/** Codes that say nothing of the records, whatever the status: the token, or the address, is not the right one. */
const ABOUT_SENDER: readonly ErrorCode[] = [
  "unauthorized",
  "forbidden",
  "host_refused",
  "origin_refused",
  "not_found",
  "method_not_allowed",
  "unexpected_answer",
];

function isAboutSender({ error, status }: Refusal): boolean {
  return status < 400 || status === 401 || status === 403 || ABOUT_SENDER.includes(error.code);
}

const UNCERTAIN = new LogctlError(
  "maybe_stored",
  "sent with records that are damaged now, and never answered for; sending it again without them might double it",
);

function forgotten({ sentAtMs }: Batch): LogctlError {
  const sentAt = new Date(sentAtMs).toISOString();
  return new LogctlError(
    "maybe_stored",
    `sent at ${sentAt} and never answered for; the collector no longer knows whether it is stored, and sending it again might double it`,
  );
}
