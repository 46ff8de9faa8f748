import { LogctlError } from "../../../errors.ts";
import type { ClockMark } from "../../../steady-clock.ts";
import type { Dropped } from "../../retention.ts";
import type { EncodedBlock } from "../block/block.ts";
import { diskFull, freeDiskBytes, pagesWithRoom, requireRoom } from "../file/disk-room.ts";
import { type LastRecord, openLastRecord } from "../file/last-record.ts";
import { giveSpaceBack, measureSpace, type Space } from "../file/space.ts";
import { noteTokenUse } from "../file/tokens.ts";
import type { MissingRecords } from "../health/missing-records.ts";
import type { DroppedReceipts } from "../receipt/receipt-keeper.ts";
import { markClock } from "../retain/clock-mark.ts";
import type { FailureMessage } from "../thread/messages.ts";
import { createWalKeeper } from "../wal/wal.ts";
import { readSharedBatch } from "./shared-batch.ts";
import { openConnection, type WriterConnection } from "./writer-connection.ts";
import type { AppendMessage, AppendText, EncodeMessage, EncodeText, FromWriter, ToWriter } from "./writer-messages.ts";

/** The one thread that writes records: it owns the connection, and what it answers to is on disk. */
declare const self: Worker;

/** Receipts are dropped for so long at a time, so that nobody who waits to write notices. */
const DROP_RECEIPTS_MS = 20;
/** While nothing is written, the clock is marked no more often. */
const MARK_EVERY_MS = 3_600_000;
/** Once nothing was written for so long, the file is put in order. */
const TIDY_AFTER_MS = 1000;
/** On a full disk it cannot wait. */
const TIDY_SOON_MS = 10;
/** So often it is tried whether what was in the way of writing is over. */
const RESTORE_EVERY_MS = 1000;

let path = "";
let minFreeBytes = 0;
const memories: SharedArrayBuffer[] = [];
/** Blocks that wait for the append that they are part of, by the number of their run. */
const runs = new Map<number, EncodedBlock[]>();
let connection: WriterConnection | undefined;
let lastRecord: LastRecord | undefined;
let keepWalShort = createWalKeeper("");
/** The steady clock's latest time. */
let ranMs = 0;
/** When the clock was marked last, and whether something was written since. */
let markedAtMs = Number.NEGATIVE_INFINITY;
let unmarked = true;
let acknowledgedId = 0;
let tidying: ReturnType<typeof setTimeout> | undefined;
let restoring: ReturnType<typeof setTimeout> | undefined;
/** For how much room was asked last, and how much of it there was none of for records. */
let askedBytes = 0;
let wantedBytes = 0;
/** The disk failed: nothing is written before all that was committed has been written once more. */
let broken: Error | undefined;

function answer(message: FromWriter): void {
  self.postMessage(message);
}

function connected(): WriterConnection {
  if (connection === undefined) throw new Error("the database is not open");
  return connection;
}

function handle(message: ToWriter): void {
  switch (message.type) {
    case "open": {
      ({ path, minFreeBytes } = message);
      const requireRoomFor = (bytes: number, measure: () => Space) => {
        askedBytes = bytes;
        requireRoom(path, minFreeBytes, bytes, measure);
      };
      const onMissing = (missing: MissingRecords) => answer({ type: "missing", ...missing });
      const onDropped = (dropped: Dropped) => answer({ type: "dropped", dropped });
      const onTrouble = (error: Error) => answer({ type: "troubled", message: error.message });
      const onReceiptsDropped = (dropped: DroppedReceipts) => answer({ type: "receipts_dropped", dropped });
      const told = { onMissing, onDropped, onReceiptsDropped, onTrouble };
      keepWalShort = createWalKeeper(path);
      connection = openConnection({ path, minFreeBytes, requireRoomFor, retention: message.retention, ...told });
      lastRecord = openLastRecord(path);
      return answer({ type: "opened" });
    }
    case "note_use":
      // Not worth a try where nothing can be written.
      if (broken === undefined) besides(() => noteTokenUse(connected().database(), message.use));
      return;
    case "close":
      close();
      return answer({ type: "closed" });
    case "memory":
      memories[message.slot] = message.memory;
      return;
    case "append":
      return append(message);
    case "encode":
      return encode(message);
    case "forget":
      runs.delete(message.run);
      return;
    case "retain":
      if (broken === undefined) retain(message.mark);
      return;
    case "replace": {
      requireSound();
      const done = connected().appender().replace(message.replaced, message.block);
      connected().retainer()?.written(message.block.meta.bytes);
      return answer({ type: "replaced", id: message.id, done });
    }
  }
}

function append({ id, request }: AppendMessage): void {
  requireSound();
  const { layout, run = 0, ...rest } = JSON.parse(request) as AppendText;
  const batch = readSharedBatch(memories[layout.slot] as SharedArrayBuffer, layout);
  const { appender, receipts, retainer, requirePlace, database } = connected();
  const encoded = runs.get(run) ?? [];
  const firstId = appender().append({ batch, encoded, ...rest });
  const rows = encoded.reduce((sum, { meta }) => sum + meta.rows, batch.rows);
  const encodedBytes = encoded.reduce((sum, { meta }) => sum + meta.bytes, 0);
  // SQLite goes on as if nothing had happened: what it wrote is on disk, but nobody will ever find it.
  requirePlace();
  acknowledgedId = firstId + rows - 1;
  unmarked = true;
  lastRecord?.write(acknowledgedId);
  if (restoring !== undefined) restored();
  answer({ type: "appended", id, firstId });
  retainer()?.written(batch.messages.length + batch.attributes.length + encodedBytes);
  besides(() => keepWalShort(database()));
  besides(() => {
    if (!receipts().inserted(rest.receipts.length)) return;
    answer({ type: "receipts_merged" });
    dropReceipts();
  });
}

function retain(mark: ClockMark): void {
  ranMs = mark.ranMs;
  besides(dropReceipts);
  // On a full disk there is nothing worth marking.
  if (restoring === undefined && (unmarked || mark.ranMs - markedAtMs >= MARK_EVERY_MS)) {
    besides(() => markClock(connected().database(), mark));
    markedAtMs = mark.ranMs;
    unmarked = false;
  }
  connected().retainer()?.look(mark.timeMs);
}

function dropReceipts(): void {
  const from = performance.now();
  for (let dropped = connected().receipts().drop(ranMs); dropped !== undefined; dropped = connected().receipts().drop(ranMs)) {
    answer({ type: "receipts_dropped", dropped });
    if (performance.now() - from >= DROP_RECEIPTS_MS) return;
  }
}

function encode({ id, request }: EncodeMessage): void {
  requireSound();
  const { run, layout, receivedAtMs } = JSON.parse(request) as EncodeText;
  const batch = readSharedBatch(memories[layout.slot] as SharedArrayBuffer, layout);
  const blocks = runs.get(run) ?? [];
  runs.set(run, blocks);
  blocks.push(...connected().appender().encode({ batch, receivedAtMs }));
  answer({ type: "encoded", id });
}

function requireSound(): void {
  if (broken !== undefined) throw broken;
  connected().requirePlace();
}

function close(): void {
  clearTimeout(tidying);
  clearTimeout(restoring);
  const database = connection?.database();
  const retainer = connection?.retainer();
  retainer?.close();
  // The WAL goes into the database, so that one file is all there is. On a full disk it stays: nothing is lost.
  besides(() => {
    database?.run("PRAGMA wal_checkpoint(TRUNCATE)");
    retainer?.letGo();
  });
  database?.close();
  lastRecord?.close();
}

function tidyLater(afterMs = TIDY_AFTER_MS): void {
  clearTimeout(tidying);
  tidying = setTimeout(() => besides(tidy), afterMs);
}

function tidy(): void {
  tidying = undefined;
  if (broken !== undefined) return;
  try {
    const more = giveBack();
    if (more) tidyLater(freeDiskBytes(path) < minFreeBytes ? TIDY_SOON_MS : TIDY_AFTER_MS);
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    // Another process writes, a token perhaps: there is no hurry.
    tidyLater();
  }
}

function giveBack(): boolean {
  const database = connected().database();
  return giveSpaceBack(database, pagesWithRoom(path, measureSpace(database).pageBytes));
}

/** Does what nobody waits for: its failure is told, and stops nothing. */
function besides(work: () => void): void {
  try {
    work();
  } catch (error) {
    answer({ type: "troubled", message: (error as Error).message });
  }
}

/** What a failed write means for the next ones. A merge for which there is no room can wait. */
function noteFailure(type: ToWriter["type"], error: Error & { code?: string }): void {
  const isFull = error.code === "disk_full" || error.code === "SQLITE_FULL";
  if (type !== "append" && (type !== "replace" || isFull)) return;
  if (isFull) wantedBytes = askedBytes;
  if (error.code?.startsWith("SQLITE_IOERR") === true) broken ??= error;
  // What keeps a write from a full disk may be no more than what the WAL holds.
  restoring ??= setTimeout(restore, isFull ? TIDY_SOON_MS : RESTORE_EVERY_MS);
}

function restore(): void {
  try {
    // No more is written than it takes: on a disk of which some fsyncs fail, each is one more that may.
    if (broken !== undefined) connected().reopen(acknowledgedId);
    else makeRoom();
    restored();
  } catch {
    restoring = setTimeout(restore, RESTORE_EVERY_MS);
  }
}

function makeRoom(): void {
  connected().requirePlace();
  // What a write that found no room has left in the WAL is given back first.
  giveBack();
  requireRoom(path, minFreeBytes, wantedBytes, () => measureSpace(connected().database()));
}

function restored(): void {
  clearTimeout(restoring);
  restoring = undefined;
  broken = undefined;
  wantedBytes = 0;
  answer({ type: "restored" });
}

function failureOf(id: number, error: Error & { code?: string }): FailureMessage {
  if (error instanceof LogctlError) {
    return { type: "failed", id, message: error.message, code: error.code, retryAfterS: error.retryAfterS };
  }
  const { code, message } = error;
  if (code === "SQLITE_FULL") return failureOf(id, diskFull(freeDiskBytes(path), minFreeBytes));
  return { type: "failed", id, message: code === undefined ? message : `${message} (${code})` };
}

self.onmessage = ({ data }: MessageEvent<ToWriter>) => {
  try {
    handle(data);
    if (data.type === "append" || data.type === "replace") tidyLater();
    else if (data.type === "retain" && tidying === undefined) tidyLater();
  } catch (error) {
    noteFailure(data.type, error as Error);
    answer(failureOf("id" in data ? data.id : 0, error as Error));
  }
};
