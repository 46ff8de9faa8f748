import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { CLOCK_TOLERANCE_MS } from "../../../steady-clock.ts";
import type { Dropped, DropReason, Retention } from "../../retention.ts";
import { dropBlocks, listBlocks } from "../block/block-catalog.ts";
import { freeDiskBytes, pagesWithRoom } from "../file/disk-room.ts";
import { createReserve } from "../file/reserve-file.ts";
import { measureSpace, type Space, takeLogInto, vacuumPages } from "../file/space.ts";
import type { DroppedReceipts, ReceiptKeeper } from "../receipt/receipt-keeper.ts";
import { walBytes } from "../wal/wal.ts";
import { addDrop, BLOCKS_A_DROP, planAgeDrop, planSizeDrop } from "./plan-drop.ts";

/** Keeps the database within its limits, in short steps between which appends have their turn. Lives in the writer's thread. */
export type Retainer = {
  /** Looks whether there is something to do, and does it by and by. */
  look(nowMs: number): void;
  /** Told of what was written, so that a limit of size holds whatever comes in. */
  written(bytes: number): void;
  /** Does nothing more, and tells what was not told yet. */
  close(): void;
  /** Lets go of the room that is held for a full disk: when all is in one file, no more is needed. */
  letGo(): void;
};

export type RetainerOptions = {
  database: Database;
  path: string;
  retention: Retention;
  receipts: ReceiptKeeper;
  /** What the disk must have left over for the reserve to be taken from it. */
  minFreeBytes: number;
  onDropped: (dropped: Dropped) => void;
  onReceiptsDropped: (dropped: DroppedReceipts) => void;
  onTrouble: (error: Error) => void;
};

/** So much written makes it worth a look. */
const BYTES_A_LOOK = 1024 * 1024;
/** A step is followed by a rest of so many times what it took, so that dropping takes a third of the thread at most. */
const REST_FACTOR = 2;
const MIN_REST_MS = 2;
/** Of free pages, as many a step as take about so long. */
const STEP_MS = 10;
const MIN_PAGES_A_STEP = 20;
const MAX_PAGES_A_STEP = 1000;
/** So many free pages may stay, or this part of all: what comes in takes them. A quiet moment gives the last of them back. */
const SPARE_PAGES = 1000;
const SPARE_PART = 1 / 16;
/** What the WAL counts at most, as a part of the limit: it may be large only since somebody, a backup perhaps, holds it. */
const WAL_PART = 1 / 4;
/** As much as is ever in the WAL but not yet in the file: the largest block that a merge makes, and what comes before it is taken over. */
const RESERVE_BYTES = 24 * 1024 * 1024;
const RESERVE_PART = 1 / 16;
/** SQLite's own. */
const PAGES_A_CHECKPOINT = 1000;
/** Under load there is something to tell many times a second: it is told together. */
const TELL_EVERY_MS = 10_000;

export function createRetainer(options: RetainerOptions): Retainer {
  const { database, path, retention, receipts, minFreeBytes, onDropped, onReceiptsDropped, onTrouble } = options;
  const { maxBytes = Number.POSITIVE_INFINITY } = retention;
  const reserve = createReserve(path, Math.min(RESERVE_BYTES, Math.floor(maxBytes * RESERVE_PART)), minFreeBytes);
  const gathered = new Map<DropReason, Dropped>();
  let pagesAStep = 100;
  /** Whether a limit is exceeded; else there is no hurry, and the reserve is not touched. */
  let exceeded = false;
  let held = false;
  let nowMs = 0;
  let unlooked = 0;
  let next: ReturnType<typeof setTimeout> | undefined;
  let dueAtMs = 0;
  let startedAtMs = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  function start(): void {
    unlooked = 0;
    if (next !== undefined) return;
    startedAtMs = performance.now();
    takeTurnIn(0);
  }

  function takeTurnIn(ms: number): void {
    dueAtMs = performance.now() + ms;
    next = setTimeout(takeTurn, ms);
  }

  function takeTurn(): void {
    clearTimeout(next);
    next = undefined;
    const from = performance.now();
    try {
      if (takeStep()) {
        const to = performance.now();
        if (to - Math.max(toldAtMs, startedAtMs) >= TELL_EVERY_MS) tell();
        takeTurnIn(Math.max(MIN_REST_MS, (to - from) * REST_FACTOR));
        return;
      }
      holdCheckpoints(false);
      reserve.keep();
    } catch (error) {
      recover(error as Error & { code?: string });
    }
    if (next === undefined && performance.now() - toldAtMs >= TELL_EVERY_MS) tell();
  }

  /** One short piece of work; false where there is none. */
  function takeStep(): boolean {
    const space = measureSpace(database);
    let wal = walBytes(path);
    // No record goes for what is in the file already.
    if (!held && space.usedBytes <= maxBytes && space.usedBytes + wal > maxBytes) {
      takeLogInto(database);
      wal = walBytes(path);
    }
    const countedWal = Math.min(wal, maxBytes * WAL_PART);
    const usedBytes = space.usedBytes + countedWal;
    const oldest = listBlocks(database, {}, "oldest", BLOCKS_A_DROP);
    const drop = planAgeDrop(pastBlocks(), retention, nowMs) ?? planSizeDrop(oldest, retention, usedBytes);
    exceeded = drop !== undefined || usedBytes > maxBytes;
    if (exceeded) holdCheckpoints(isTight(space, wal));
    if (usedBytes > maxBytes && dropReceipts(oldest[0]?.firstId)) return true;
    if (drop !== undefined) {
      dropBlocks(database, drop.blocks);
      addDrop(gathered, drop);
      return true;
    }
    const { freePages, pages, pageBytes } = space;
    exceeded = pages * pageBytes + countedWal > maxBytes;
    if (freePages === 0 || !(exceeded || freePages > Math.max(SPARE_PAGES, pages * SPARE_PART))) return false;
    holdCheckpoints(exceeded && isTight(space, wal));
    const from = performance.now();
    const step = Math.min(pagesAStep, pagesWithRoom(path, pageBytes));
    vacuumPages(database, step);
    const fitting = Math.round((step * STEP_MS) / (performance.now() - from));
    pagesAStep = Math.max(MIN_PAGES_A_STEP, Math.min(MAX_PAGES_A_STEP, fitting));
    return measureSpace(database).freePages < freePages;
  }

  /**
   * On a full disk, taking the WAL into a file that would have to grow uses up what room is left, and fails: that has to wait
   * until enough is off the file's end.
   */
  function holdCheckpoints(hold: boolean): void {
    if (hold === held) return;
    held = hold;
    database.run(`PRAGMA wal_autocheckpoint=${hold ? 0 : PAGES_A_CHECKPOINT}`);
    if (!hold) database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  function isTight({ pages, pageBytes }: Space, walBytes: number): boolean {
    if (pages * pageBytes <= statSync(path).size) return false;
    return freeDiskBytes(path) < walBytes + RESERVE_BYTES;
  }

  /** Receipts whose records are gone go before any record does; false where there are none. */
  function dropReceipts(oldestRecordId = Number.POSITIVE_INFINITY): boolean {
    const dropped = receipts.dropBefore(oldestRecordId);
    if (dropped > 0) onReceiptsDropped({ receipts: dropped, reason: "size" });
    return dropped > 0;
  }

  function pastBlocks() {
    if (retention.maxAgeMs === undefined) return [];
    return listBlocks(database, { allReceivedBy: nowMs + CLOCK_TOLERANCE_MS }, "oldest", BLOCKS_A_DROP);
  }

  function recover(error: Error & { code?: string }): void {
    // Another process writes, a token perhaps: the next look comes soon.
    if (error.code === "SQLITE_BUSY") return;
    const isFull = error.code === "SQLITE_FULL" || error.code?.startsWith("SQLITE_IOERR") === true;
    if (isFull && !exceeded) return;
    if (isFull && reserve.release()) {
      takeTurnIn(MIN_REST_MS);
      return;
    }
    const hint = isFull ? "; the disk is full, and even dropping records needs some MB of it: make a little room" : "";
    onTrouble(new Error(`${error.message}${hint}`));
  }

  function tell(): void {
    if (gathered.size === 0) return;
    for (const dropped of gathered.values()) onDropped(dropped);
    gathered.clear();
    toldAtMs = performance.now();
  }

  return {
    look(atMs) {
      nowMs = atMs;
      start();
    },
    written(bytes) {
      unlooked += bytes;
      if (unlooked >= BYTES_A_LOOK) start();
      // Where one append waits behind the other no timer of this thread comes to its turn.
      if (next !== undefined && performance.now() >= dueAtMs) takeTurn();
    },
    close() {
      clearTimeout(next);
      tell();
    },
    letGo: () => void reserve.release(),
  };
}
