import type { Database } from "bun:sqlite";
import { availableParallelism } from "node:os";
import type { LogctlError } from "../../errors.ts";
import type { LogEvent, LogEvents } from "../../log-event.ts";
import { statsAnswerSchema } from "../../schema/api.ts";
import type { Filter } from "../../schema/filter.ts";
import type { StoredToken, TokenUse } from "../../schema/token.ts";
import { createSteadyClock } from "../../steady-clock.ts";
import { type Dropped, type DropReason, mostBlockBytes } from "../retention.ts";
import type { DamagedBlock } from "./block/block-damage.ts";
import { startCompactor } from "./compact/compactor.ts";
import { makeDatabaseFile, newestRecordId, openForReading } from "./file/database.ts";
import { defaultMinFreeBytes } from "./file/disk-room.ts";
import { lockDatabase } from "./file/file-lock.ts";
import { readLastRecord } from "./file/last-record.ts";
import { releaseReserve } from "./file/reserve-file.ts";
import { listTokens } from "./file/tokens.ts";
import { measureFiles, type StoreMeasures } from "./health/measure-store.ts";
import { checkLeftovers } from "./health/missing-records.ts";
import { watchHealth } from "./health/store-health.ts";
import { createKnownReceipts, type KnownReceipts } from "./receipt/known-receipts.ts";
import type { DroppedReceipts } from "./receipt/receipt-keeper.ts";
import { readBoot, readClockMark } from "./retain/clock-mark.ts";
import { createScanners, type Scanners } from "./scan/scanners.ts";
import { type Arrivals, createArrivals } from "./write/arrivals.ts";
import { createGroupCommit, type GroupCommit } from "./write/group-commit.ts";
import { type KeepOptions, startWriter, type Writer } from "./write/writer.ts";

export type { StoreMeasures };

/** What the rest of logctl knows of storage. */
export type Store = {
  /** See GroupCommit: resolves once the records are on disk, and findable. */
  append: GroupCommit["append"];
  appendInSteps: GroupCommit["appendInSteps"];
  /** Starts all threads that read; see `Scanners`. Without it each is started when it is first needed. */
  warm: Scanners["warm"];
  search: Scanners["search"];
  /** How many records match. Throws `interrupted` as soon as `signal` is aborted. */
  count(filter: Filter, signal?: AbortSignal): Promise<number>;
  /** What the plan asks for, of the records there were when it started, as UTF-8. Throws as `count` does, and `too_many_groups`. */
  tally: Scanners["tally"];
  newestId: Arrivals["newestId"];
  onArrival: Arrivals["onArrival"];
  /** The receipt of an idempotency key that was committed. */
  receipt: KnownReceipts["find"];
  /** Every token ever made. */
  tokens(): StoredToken[];
  /** Notes that a token was used, in the background. */
  noteUse(use: TokenUse): void;
  /** The damaged blocks that were met so far, whose records are left out of answers. */
  damaged(): DamagedBlock[];
  /** Why nothing can be written, or read, at the moment; empty while all is well. */
  troubles(): LogctlError[];
  /** Throws what is known already to make an append fail, so that its body need not be read. */
  requireWritable(): void;
  /** What goes on inside, in numbers. */
  measure(): StoreMeasures;
  /** Finishes what was accepted and leaves one file behind. */
  close(): Promise<void>;
};

export type StoreOptions = {
  path: string;
  /** This process, for others to be told who has the database. */
  pid: number;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Told of what went wrong in the background. */
  onFailure: (error: Error) => void;
  /** Told of what is worth a line in the log. */
  onEvent?: LogEvents;
  /** What of the disk is kept free, in bytes; by default 64 MiB, or a sixteenth of a small disk. */
  minFreeBytes?: number;
  /** What is kept; by default all is. It is looked after when the store is opened, every minute, and while much is written. */
  keep?: KeepOptions;
  /** How soon a clock that has jumped ahead is believed when it says what is too old; by default after an hour. */
  clockBelievedAfterMs?: number;
};

const RETAIN_EVERY_MS = 60_000;

/** Opens the database, made where it does not exist. Throws `database_unusable` where it cannot be had. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, pid, now, onFailure, onEvent = () => {}, keep } = options;
  // Before anything is put beside a file that is refused.
  makeDatabaseFile(path);
  const lock = lockDatabase(path, pid);
  try {
    releaseReserve(path);
    checkLeftovers(path);
    const minFreeBytes = options.minFreeBytes ?? defaultMinFreeBytes(path);
    const dropped: Record<DropReason, number> = { age: 0, size: 0 };
    const receiptsDropped: Record<DroppedReceipts["reason"], number> = { age: 0, size: 0 };
    const onDropped = (drop: Dropped) => {
      dropped[drop.reason] += drop.records;
      keep?.onDropped(drop);
    };
    let known: KnownReceipts | undefined;
    const writer = await startWriter({
      path,
      minFreeBytes,
      keep: keep && { ...keep, onDropped },
      onTrouble: onFailure,
      onRestored: () => commits.restored(),
      onReceipts(drop) {
        known?.changed();
        if (drop === undefined) return;
        receiptsDropped[drop.reason] += drop.receipts;
        if (drop.reason === "size") onEvent(tellOfReceipts(drop.receipts));
      },
    });
    const reader = await openBeside(writer, path);
    known = createKnownReceipts(reader, (why) => onFailure(new Error(why)));
    const damaged = new Map<number, DamagedBlock>();
    const onDamaged = (block: DamagedBlock) => {
      if (!damaged.has(block.id)) onFailure(new Error(describeDamage(block)));
      damaged.set(block.id, block);
    };
    const compactor = startCompactor(path, writer.replace, onFailure, onDamaged, mostBlockBytes(keep?.retention));
    const scanners = createScanners(path, availableParallelism(), onDamaged);
    const arrivals = createArrivals(Math.max(newestRecordId(reader), readLastRecord(path)));
    const commits = createGroupCommit(writer, now, (rows, lastId, receipts) => {
      known?.committed(receipts);
      compactor.committed(rows);
      arrivals.committed(lastId);
    });
    const believedAfterMs = options.clockBelievedAfterMs;
    const clock = createSteadyClock({ now, mark: readClockMark(reader), believedAfterMs, boot: readBoot() });
    const retain = () => writer.retain(clock.mark());
    const health = watchHealth({
      path,
      minFreeBytes,
      failures: () => [writer.stopped() ?? commits.failure()],
      readFailure: scanners.failure,
      onDiskFull: retain,
      onEvent,
    });
    const retaining = setInterval(retain, RETAIN_EVERY_MS);
    retain();
    const tally: Scanners["tally"] = async (plan, signal, note) => {
      health.requirePlace();
      return scanners.tally(plan, signal, note);
    };
    return {
      async append(fill) {
        health.requireWritable();
        return commits.append(fill);
      },
      async appendInSteps(bytes, steps, pause) {
        health.requireWritable();
        return commits.appendInSteps(bytes, steps, pause);
      },
      damaged: () => [...damaged.values()],
      troubles: health.troubles,
      requireWritable: health.requireWritable,
      warm: scanners.warm,
      search(plan, note) {
        health.requirePlace();
        return scanners.search(plan, note);
      },
      tally,
      count: (filter, signal) => count(tally, filter, signal),
      newestId: arrivals.newestId,
      onArrival: arrivals.onArrival,
      receipt(scope, key) {
        health.requirePlace();
        return known?.find(scope, key);
      },
      tokens: () => listTokens(reader),
      noteUse: writer.noteUse,
      measure: () => ({
        ...measureFiles(reader, path),
        queue: commits.queue(),
        commitSeconds: commits.seconds,
        compactions: compactor.merges(),
        dropped,
        receiptsDropped,
        reading: scanners.counts(),
      }),
      async close() {
        clearInterval(retaining);
        retain();
        health.stop();
        await commits.flush();
        await compactor.close();
        await scanners.close();
        known = undefined;
        reader.close();
        await writer.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function count(tally: Scanners["tally"], filter: Filter, signal: AbortSignal | undefined): Promise<number> {
  const bytes = await tally({ kind: "stats", filter, by: [], format: "json" }, signal);
  return statsAnswerSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).count;
}

function tellOfReceipts(receipts: number): LogEvent {
  const message = "idempotency keys were forgotten within seven days: there is no room for more of them";
  return { level: "info", event: "receipts_dropped", message, mayRepeat: true, fields: { receipts } };
}

function describeDamage({ id, firstId, lastId, reason }: DamagedBlock): string {
  return `block ${id} is damaged, and left out of answers (records ${firstId} to ${lastId}): ${reason}; logctl verify looks at all of them`;
}

/** A connection that reads; where there is none to be had, the writer's thread is not left behind. */
async function openBeside(writer: Writer, path: string): Promise<Database> {
  try {
    return openForReading(path);
  } catch (error) {
    await writer.close();
    throw error;
  }
}
