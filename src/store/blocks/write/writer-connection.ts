import type { Database } from "bun:sqlite";
import { mostBlockBytes, type Retention } from "../../retention.ts";
import { newestRecordId } from "../block/block-catalog.ts";
import { markDatabase, openForWriting } from "../file/database.ts";
import { watchDatabase } from "../file/private-file.ts";
import { measureSpace, type Space } from "../file/space.ts";
import { findMissing, type MissingRecords } from "../health/missing-records.ts";
import { describeReceiptDamage } from "../receipt/receipt-blocks.ts";
import { createReceiptKeeper, type ReceiptKeeper } from "../receipt/receipt-keeper.ts";
import { createRetainer, type Retainer, type RetainerOptions } from "../retain/retainer.ts";
import { type Appender, createAppender } from "./append.ts";

/** The connection that writes, and all that works with it; after a failure of the disk it is made anew. */
export type WriterConnection = {
  database(): Database;
  appender(): Appender;
  receipts(): ReceiptKeeper;
  retainer(): Retainer | undefined;
  /** Throws where the database's files are not the ones that were opened: what is written then is found by nobody. */
  requirePlace(): void;
  /**
   * Closes the connection and opens another. After a failed fsync nobody knows what of the last pages is on disk, so that
   * all that was committed is written once more, from the WAL into the file, and a record of it committed. Throws where
   * that fails, or where the record `acknowledgedId` is not there any more.
   */
  reopen(acknowledgedId: number): void;
};

export type ConnectionOptions = Pick<RetainerOptions, "path" | "onDropped" | "onReceiptsDropped" | "onTrouble"> & {
  retention: Retention | undefined;
  minFreeBytes: number;
  /** Told of records that were on disk and cannot be found any more. */
  onMissing: (missing: MissingRecords) => void;
  /** Throws where there is no room for so many bytes. */
  requireRoomFor: (bytes: number, measure: () => Space) => void;
};

export function openConnection(options: ConnectionOptions): WriterConnection {
  const { path, retention, minFreeBytes, requireRoomFor, onMissing, ...told } = options;
  let database: Database;
  let appender: Appender;
  let receipts: ReceiptKeeper;
  let retainer: Retainer | undefined;

  function open(): void {
    database = openForWriting(path);
    const missing = findMissing(database, path);
    if (missing !== undefined) onMissing(missing);
    const requireRoom = (bytes: number) => requireRoomFor(bytes, () => measureSpace(database));
    const onDamaged = (block: number) => told.onTrouble(new Error(describeReceiptDamage(block)));
    receipts = createReceiptKeeper(database, { maxBytes: retention?.maxBytes, onDamaged });
    appender = createAppender(database, {
      receipts,
      requireRoom,
      mostBytes: mostBlockBytes(retention),
      ...(missing && { lastId: missing.lastId }),
    });
    if (retention !== undefined) retainer = createRetainer({ database, path, retention, receipts, minFreeBytes, ...told });
  }

  open();
  const isInPlace = watchDatabase(path);

  function requirePlace(): void {
    if (!isInPlace()) throw new Error("the database's file was deleted or replaced; start the collector again");
  }

  return {
    database: () => database,
    appender: () => appender,
    receipts: () => receipts,
    retainer: () => retainer,
    requirePlace,
    reopen(acknowledgedId) {
      requirePlace();
      retainer?.close();
      database.close();
      open();
      requirePlace();
      const checkpoint = database.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").get();
      if (checkpoint?.busy !== 0) throw new Error("the WAL is in use and cannot be taken into the database");
      if (newestRecordId(database) < acknowledgedId) {
        throw new Error("records that were acknowledged are not in the database any more; restore a backup");
      }
      markDatabase(database, { reopened_at_id: acknowledgedId });
    },
  };
}
