import { LogctlError } from "../../errors.ts";
import { type Batch, createBatch } from "../batch.ts";
import type { Connection } from "../connection.ts";
import type { DeliveredPart, Delivery, DeliveryHooks } from "../delivery.ts";
import type { Outbox } from "../outbox.ts";
import { type Sleep, sleep } from "../retry.ts";
import { keepRefused } from "./dead-letters.ts";
import { type DrainOptions, deliverBatch, drainSpool, drainUnlessUnusable } from "./drain-spool.ts";
import type { Spool } from "./spool-batch.ts";
import { claimEmptySpool, claimLeftSpools, listUnlabelled, unlabelledError } from "./spool-folders.ts";
import { type SpoolPolicy, segmentBytesFor } from "./spool-policy.ts";
import { createSpoolRoom } from "./spool-room.ts";

/**
 * What is put on disk where it was not answered: `all` of it; or not what the collector does not let in, of which there is
 * somebody to tell; or, for nothing is lost with it, nothing before the collector has answered once.
 */
export type Keeps = "all" | "unless_refused" | "after_contact";

export type SpoolingOutboxOptions = {
  connection: Connection;
  /** It ends some time after `signal`, so that what was taken can still go out. */
  delivery: Delivery;
  policy: SpoolPolicy;
  keeps: Keeps;
  /** Once aborted, what is taken is put on disk at once, and a collector that is away is not waited for. */
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Told of what was spooled, as it is answered; `isOwn` where that was by this process. */
  onSpooledPart(part: DeliveredPart, isOwn: boolean): void;
  /** Told in a sentence what a person should know at once: of the collector, or of a spool. */
  notice(sentence: string, about: "collector" | "spool"): void;
  /** Shared by outboxes whose collector is the same: that it is away is told by one of them. */
  away: { isTold: boolean };
  sleep?: Sleep;
};

/** A request that takes longer is no reason for the next records to wait in memory. */
const PATIENCE_MS = 2_000;
const TAKEN_FOR_ONE_ADDED = 2;
const SYNC_AFTER_MS = 100;
/** How long a collector that has answered may be away once no more comes. */
const RETRY_AT_END_MS = 30_000;

/**
 * The way of records to a collector, by way of the disk where there is no other. While the collector answers, each batch goes
 * straight to it. Once one is not taken, it and what comes after it goes to a spool, from which it is delivered in the
 * background until nothing is left there. What earlier processes left goes first.
 */
export function openSpoolingOutbox(options: SpoolingOutboxOptions): Outbox {
  const { connection, delivery, policy, keeps, signal, now, notice, away } = options;
  /** What becomes of one spool is nothing to the others. */
  const onUnusable = (error: LogctlError) => notice(error.message, "spool");
  const claim = { base: policy.base, connection, pid: policy.pid, now, segmentBytes: segmentBytesFor(policy), onUnusable };
  const ending = new AbortController();
  const endingOrSignal = AbortSignal.any([signal, ending.signal]);
  const losses = { dropped: 0, tooOld: 0, notKept: 0, damaged: 0 };
  let hasSpool = true;
  let isAnnounced = false;
  let answeredParts = 0;
  let syncedAtMs = 0;
  let failure: unknown;
  const earlier = orWithout(() => claimLeft()) ?? [];
  let own = earlier.pop();
  /** Delivers from the spools, and never fails; undefined while batches go straight to the collector. */
  let background: Promise<void> | undefined;

  const room = createSpoolRoom({
    policy,
    signal,
    isForced: () => signal.aborted || failure !== undefined,
    sleep: options.sleep ?? sleep,
    spools: () => (own === undefined ? earlier : [...earlier, own]),
    onDropped(count) {
      losses.dropped += count;
    },
  });
  const hooks = {
    hurry(isAsked: boolean) {
      if (signal.aborted) return undefined;
      return ending.signal.aborted || isAsked ? signal : endingOrSignal;
    },
    retryForMs() {
      if (signal.aborted || !mayKeep()) return 0;
      if (!ending.signal.aborted && hasSpool) return Number.POSITIVE_INFINITY;
      return delivery.hasAnswered() ? RETRY_AT_END_MS : 0;
    },
  };
  const drainOptions: DrainOptions = {
    ...{ connection, delivery, now, ...hooks, maxDeadBytes: policy.maxBytes, maxAgeMs: policy.maxAgeMs },
    onFailure: announce,
    onPart: tellSpooled,
    onLoss(reason, count) {
      losses[reason] += count;
    },
  };
  // One in which nothing is left but damage has nothing to deliver.
  if (own?.head() !== undefined) background = deliverSpooled();

  function claimLeft(): Spool[] {
    for (const folder of listUnlabelled(policy.base, connection.baseUrl)) onUnusable(unlabelledError(folder));
    return claimLeftSpools(claim);
  }

  function mayKeep(): boolean {
    return keeps !== "after_contact" || delivery.hasAnswered();
  }

  /** Does something with the disk; where that fails, goes on without a spool and says so once. */
  function orWithout<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (hasSpool) notice(`${(error as Error).message} (nothing is spooled meanwhile)`, "spool");
      hasSpool = false;
      return undefined;
    }
  }

  function ownSpool(): Spool | undefined {
    if (own === undefined && hasSpool) own = orWithout(() => claimEmptySpool(claim));
    return own;
  }

  /** Once each time that the collector goes away. */
  function announce(error?: LogctlError): void {
    if (isAnnounced || signal.aborted || own === undefined) return;
    isAnnounced = true;
    if (away.isTold) return;
    away.isTold = true;
    notice(`what comes waits in ${policy.base}: ${troubleOf(connection, error)}`, "collector");
  }

  function tellSpooled(part: DeliveredPart, isOwn: boolean): void {
    isAnnounced = false;
    away.isTold = false;
    answeredParts += 1;
    room.change();
    options.onSpooledPart(part, isOwn);
  }

  function close(spool: Spool): void {
    losses.damaged += spool.damaged();
    spool.close();
  }

  async function deliverSpooled(underWay?: Promise<void>): Promise<void> {
    try {
      if (underWay !== undefined) {
        await underWay;
        own?.remove();
      }
      for (let spool = earlier[0]; spool !== undefined; spool = earlier[0]) {
        await drainUnlessUnusable(spool, drainOptions, onUnusable);
        close(spool);
        earlier.shift();
      }
      // What is added until the end of this turn is seen here; what comes later goes straight to the collector.
      while (own?.head() !== undefined) await drainSpool(own, drainOptions);
      background = undefined;
    } catch (error) {
      if (!isAway(error)) failure = error;
    } finally {
      room.change();
    }
  }

  /** While the collector takes what waits, less is added than it takes: or a sender that is quick would go by the disk for ever. */
  async function letBacklogShrink(): Promise<void> {
    for (let count = 0; count < TAKEN_FOR_ONE_ADDED && isDelivering(); count += 1) {
      const before = answeredParts;
      await room.nextChange(PATIENCE_MS);
      if (answeredParts === before) return;
    }
  }

  /** Where nothing is lost with a record, a power cut may take the last ones: one at a time they would wait for the disk most. */
  function needsSync(): boolean {
    if (keeps === "after_contact" && Math.abs(now() - syncedAtMs) < SYNC_AFTER_MS) return false;
    syncedAtMs = now();
    return true;
  }

  function isDelivering(): boolean {
    return background !== undefined && !isAnnounced && !signal.aborted && failure === undefined;
  }

  /** Sends a batch, and hands it over to the spool where it takes too long. */
  async function deliverStraight(batch: Batch, onPart: (part: DeliveredPart) => void): Promise<"answered" | "kept"> {
    const trouble = Promise.withResolvers<LogctlError | "slow" | "stopped">();
    let spool: Spool | undefined;
    let { width } = batch;
    const straightHooks: DeliveryHooks = {
      ...hooks,
      onFailure: (error) => (spool === undefined ? trouble.resolve(error) : announce(error)),
      onProgress() {
        spool?.save(batch.width !== width);
        width = batch.width;
      },
      onPart(part) {
        bury(batch, part);
        if (spool === undefined) onPart(part);
        else tellSpooled(part, true);
      },
    };
    const stop = () => trouble.resolve("stopped");
    const timer = setTimeout(() => trouble.resolve("slow"), PATIENCE_MS);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      const delivered = deliverBatch(batch, { connection, delivery, ...straightHooks });
      const reason = await Promise.race([delivered, trouble.promise]);
      if (reason === undefined) return "answered";
      spool = mayKeep() ? orWithout(() => handOver(batch)) : undefined;
      if (spool === undefined) {
        await delivered;
        return "answered";
      }
      background = deliverSpooled(delivered);
      if (reason !== "stopped") announce(reason === "slow" ? undefined : reason);
      return "kept";
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Puts a batch that is under way on disk; what becomes of it is kept with that copy. */
  function handOver(batch: Batch): Spool | undefined {
    const spool = ownSpool();
    spool?.append(batch);
    const head = spool?.head();
    if (head !== undefined) head.batch = batch;
    return spool;
  }

  function bury(batch: Batch, part: DeliveredPart): void {
    if (part.answer.rejected === 0 || keeps === "unless_refused") return;
    const spool = ownSpool();
    if (spool === undefined || !keepRefused(spool.folder, batch, part, now(), policy.maxBytes))
      losses.notKept += part.answer.rejected;
  }

  /** A last batch: it is on disk, and the summary says why there can be no other. */
  function endWith(batch: Batch, reason: unknown): "end" {
    const spool = ownSpool();
    if (spool === undefined) throw reason;
    spool.append(batch);
    failure = reason;
    return "end";
  }

  return {
    async take(records, onPart) {
      const batch = createBatch(records);
      if (failure !== undefined) return endWith(batch, failure);
      if (background !== undefined && own !== undefined) {
        const full = await room.put(own, batch, needsSync());
        // All that waited may have gone while this one waited for room.
        background ??= deliverSpooled();
        await letBacklogShrink();
        failure ??= full;
        return failure === undefined ? "kept" : "end";
      }
      try {
        return await deliverStraight(batch, onPart);
      } catch (error) {
        if (keeps !== "all" || isAway(error)) throw error;
        return endWith(batch, error);
      }
    },
    keep(records) {
      return orWithout(() => ownSpool()?.append(createBatch(records)) ?? own) !== undefined;
    },
    async finish() {
      ending.abort();
      await background;
      const spools = own === undefined ? earlier : [...earlier, own];
      const waiting = spools.reduce((sum, spool) => sum + spool.waiting().all, 0);
      const folder = spools[0]?.folder;
      for (const spool of spools) close(spool);
      return { waiting, folder, ...losses, failure };
    },
  };
}

/** What is the matter with a collector, of which without an error it is only known that it takes its time. */
function troubleOf({ baseUrl }: Connection, error: LogctlError | undefined): string {
  if (error === undefined) return `the collector at ${baseUrl} does not answer`;
  if (error.code === "unexpected_answer")
    return `something else answers in the place of the collector at ${baseUrl}: ${error.message}`;
  return error.code === "unreachable"
    ? error.message
    : `the collector at ${baseUrl} is in trouble (${error.code}: ${error.message})`;
}

/** Nobody answers, or there is no time left to wait for that. */
function isAway(error: unknown): boolean {
  return error instanceof LogctlError && (error.code === "unreachable" || error.code === "interrupted");
}
