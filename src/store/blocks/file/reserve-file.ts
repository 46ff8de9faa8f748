import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { freeDiskBytes } from "./disk-room.ts";

/**
 * Room that is held for the time when the disk is full: to delete, SQLite needs to write first. A file beside the database
 * that can be let go of.
 */
export type Reserve = {
  /** Takes the room, where it is not taken yet; on a disk that has none to give, there is none. */
  keep(): void;
  /** Lets go of the room, and says whether there was any. */
  release(): boolean;
};

const WRITE_BYTES = 1024 * 1024;

/** Of the disk, `minFreeBytes` are left over by it: a reserve must not be what fills the disk. */
export function createReserve(databasePath: string, bytes: number, minFreeBytes: number): Reserve {
  const path = reservePath(databasePath);
  const size = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    keep() {
      if (size() >= bytes || freeDiskBytes(databasePath) < bytes + minFreeBytes) return;
      try {
        writeFully(path, bytes);
      } catch {
        // A part of it would take from the disk what others need more.
        rmSync(path, { force: true });
      }
    },
    release() {
      const held = size() > 0;
      releaseReserve(databasePath);
      return held;
    },
  };
}

/** Lets go of the room that a collector held which did not end well: on a full disk, opening the database needs some. */
export function releaseReserve(databasePath: string): void {
  rmSync(reservePath(databasePath), { force: true });
}

function reservePath(databasePath: string): string {
  return `${databasePath}-reserve`;
}

/** Bytes that are not zero, since a file system may keep no room for those that are. */
function writeFully(path: string, bytes: number): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (let left = bytes; left > 0; ) {
      const piece = crypto.getRandomValues(new Uint8Array(Math.min(left, 65_536)));
      const chunk = Buffer.alloc(Math.min(left, WRITE_BYTES), piece);
      left -= writeSync(file, chunk);
    }
  } finally {
    closeSync(file);
  }
}
