import type { Database } from "bun:sqlite";
import { availableParallelism } from "node:os";
import type { LogEvent } from "../../log-event.ts";
import type { Filter } from "../../query/filter.ts";
import { statsAnswerSchema } from "../../schema/api.ts";
import { createSteadyClock } from "../../steady-clock.ts";
import type { DamagedBlock } from "../damage.ts";
import { type Dropped, type DropReason, mostBlockBytes } from "../retention.ts";
import type { Store, StoreOptions } from "../store.ts";
import { newestRecordId } from "./block/block-catalog.ts";
import { startCompactor } from "./compact/compactor.ts";
import { makeDatabaseFile, openForReading } from "./file/database.ts";
import { defaultMinFreeBytes } from "./file/disk-room.ts";
import { lockDatabase } from "./file/file-lock.ts";
import { readLastRecord } from "./file/last-record.ts";
import { isPrivate } from "./file/private-file.ts";
import { releaseReserve } from "./file/reserve-file.ts";
import { listTokens } from "./file/tokens.ts";
import { measureFiles } from "./health/measure-store.ts";
import { checkLeftovers } from "./health/missing-records.ts";
import { watchHealth } from "./health/store-health.ts";
import { createKnownReceipts, type KnownReceipts } from "./receipt/known-receipts.ts";
import type { DroppedReceipts } from "./receipt/receipt-keeper.ts";
import { readBoot, readClockMark } from "./retain/clock-mark.ts";
import { createScanners, type Scanners } from "./scan/scanners.ts";
import { createArrivals } from "./write/arrivals.ts";
import { createGroupCommit } from "./write/group-commit.ts";
import { startWriter, type Writer } from "./write/writer.ts";

const RETAIN_EVERY_MS = 60_000;

/** Opens the database, made where it does not exist. Throws `database_unusable` where it cannot be had. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, pid, now, onFailure, onEvent = () => {}, keep } = options;
  // Before anything is put beside a file that is refused.
  const wasPrivate = isPrivate(path);
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
    if (!wasPrivate) {
      const message = `${path} could be read by other users; now only its owner can (mode 0600)`;
      onEvent({ level: "warn", event: "database_made_private", message });
    }
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

export async function count(tally: Scanners["tally"], filter: Filter, signal: AbortSignal | undefined): Promise<number> {
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
