import type { Database } from "bun:sqlite";
import { type Appender, createAppender } from "./append.ts";
import { giveSpaceBack, openForWriting } from "./database.ts";
import { type LastRecord, openLastRecord } from "./last-record.ts";
import { findMissing } from "./missing-records.ts";
import { watchFile } from "./private-file.ts";
import { pruneReceipts } from "./receipts.ts";
import { createRetainer, type Retainer } from "./retainer.ts";
import type { Dropped, Retention } from "./retention.ts";
import { readSharedText } from "./shared-text.ts";
import type { FromWriter, ToWriter } from "./worker-messages.ts";

/** The one thread that writes records: it owns the connection, and what it answers to is on disk. */
declare const self: Worker;

const PRUNE_EVERY_MS = 3_600_000;
/** Once nothing was written for so long, the file is put in order. */
const TIDY_AFTER_MS = 1000;

let database: Database | undefined;
let appender: Appender | undefined;
let retainer: Retainer | undefined;
let lastRecord: LastRecord | undefined;
let isInPlace: () => boolean = () => true;
let prunedAtMs = 0;
let tidying: ReturnType<typeof setTimeout> | undefined;

function answer(message: FromWriter): void {
  self.postMessage(message);
}

function handle(message: ToWriter): void {
  switch (message.type) {
    case "open":
      database = openForWriting(message.path);
      appender = createAppender(database, lookForMissing(database, message.path));
      lastRecord = openLastRecord(message.path);
      isInPlace = watchFile(message.path);
      if (message.retention !== undefined) retainer = startRetainer(database, message.path, message.retention);
      return answer({ type: "opened" });
    case "close":
      clearTimeout(tidying);
      retainer?.close();
      // The WAL goes into the database, so that one file is all there is. On a full disk it stays: nothing is lost.
      besides(() => {
        database?.run("PRAGMA wal_checkpoint(TRUNCATE)");
        retainer?.letGo();
      });
      database?.close();
      lastRecord?.close();
      return answer({ type: "closed" });
    case "append": {
      const { columns, texts, receipts, receivedAtMs } = message;
      const [messages, attributes] = readSharedText(texts) as [Uint8Array, Uint8Array];
      const firstId = (appender as Appender).append({ batch: { ...columns, messages, attributes }, receipts, receivedAtMs });
      // SQLite goes on as if nothing had happened: what it wrote is on disk, but nobody will ever find it.
      if (!isInPlace()) throw new Error("the database's file was deleted or replaced; start the collector again");
      lastRecord?.write(firstId + columns.rows - 1);
      answer({ type: "appended", id: message.id, firstId });
      retainer?.written(messages.length + attributes.length);
      return besides(() => prune(receivedAtMs));
    }
    case "retain":
      return retainer?.look(message.nowMs);
    case "replace":
      retainer?.written(message.block.meta.bytes);
      return answer({ type: "replaced", id: message.id, done: (appender as Appender).replace(message.replaced, message.block) });
  }
}

/** Says which records are missing at the end, if any are; answers with the last id that was ever given, as far as that is known. */
function lookForMissing(writing: Database, path: string): number {
  const missing = findMissing(writing, path);
  if (missing === undefined) return 0;
  answer({ type: "missing", ...missing });
  return missing.lastId;
}

function prune(nowMs: number): void {
  if (nowMs - prunedAtMs < PRUNE_EVERY_MS || database === undefined) return;
  if (!pruneReceipts(database, nowMs)) prunedAtMs = nowMs;
}

function tidyLater(): void {
  clearTimeout(tidying);
  tidying = setTimeout(() => besides(tidy), TIDY_AFTER_MS);
}

function tidy(): void {
  if (database === undefined) return;
  try {
    if (giveSpaceBack(database)) tidyLater();
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    // Another process writes, a token perhaps: there is no hurry.
    tidyLater();
  }
}

function startRetainer(writing: Database, path: string, retention: Retention): Retainer {
  const onDropped = (dropped: Dropped) => answer({ type: "dropped", dropped });
  const onTrouble = ({ message }: Error) => answer({ type: "troubled", message });
  return createRetainer({ database: writing, path, retention, onDropped, onTrouble });
}

/** Does what nobody waits for: its failure is told, and stops nothing. */
function besides(work: () => void): void {
  try {
    work();
  } catch (error) {
    answer({ type: "troubled", message: (error as Error).message });
  }
}

self.onmessage = ({ data }: MessageEvent<ToWriter>) => {
  try {
    handle(data);
    if (data.type === "append" || data.type === "replace" || data.type === "retain") tidyLater();
  } catch (error) {
    answer({ type: "failed", id: "id" in data ? data.id : 0, message: (error as Error).message });
  }
};
