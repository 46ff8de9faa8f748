import { closeSync, openSync, readSync, statSync } from "node:fs";
import { LogctlError } from "../errors.ts";

/** A frame (counted from 1, 0 being the header) that is not what was written, and how many there are in all. */
export type WalDamage = { frame: number; frames: number };

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;

/** What `lookForDamage` finds, twice: while somebody writes to the log it may look damaged, but not twice in the same way. */
export function findWalDamage(databasePath: string): WalDamage | undefined {
  const first = lookForDamage(databasePath);
  const second = first && lookForDamage(databasePath);
  return second?.frame === first?.frame && second?.frames === first?.frames ? second : undefined;
}

/**
 * Looks for damage in a database's write-ahead log (https://sqlite.org/fileformat2.html, 4): SQLite itself takes what comes
 * before it and says nothing of the rest, or of a file into which some of the rest was taken already. Undefined where all is
 * well. A last commit that is damaged cannot be told from one that a power cut has cut short, and is taken for that.
 */
function lookForDamage(databasePath: string): WalDamage | undefined {
  const path = `${databasePath}-wal`;
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined;
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    // A log of which nothing was written yet.
    if (header.every((byte) => byte === 0)) return undefined;
    const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
    const frames = Math.floor((size - HEADER_BYTES) / frameBytes);
    const magic = header.readUInt32BE(0);
    const isKnown = magic === MAGIC_LITTLE_ENDIAN || magic === MAGIC_BIG_ENDIAN;
    const sum = createSum(magic === MAGIC_LITTLE_ENDIAN);
    if (!isKnown || !sum.matches(sum.of(header, 0, 24, [0, 0]), header, 24)) return { frame: 0, frames };
    const frame = Buffer.alloc(frameBytes);
    const walk = createWalk(header, sum);
    for (let number = 1; number <= frames; number += 1) {
      readSync(file, frame, 0, frameBytes, HEADER_BYTES + (number - 1) * frameBytes);
      const damaged = walk(frame, number);
      if (damaged !== undefined) return { frame: damaged, frames };
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

type Sums = [number, number];

/**
 * Looks at one frame after another. Answers with the number of the first that is damaged once there is proof: a commit behind
 * it, and another frame that goes on from that. Without these it is where the log ends.
 */
function createWalk(header: Buffer, sum: ReturnType<typeof createSum>): (frame: Buffer, number: number) => number | undefined {
  /** What is written down in the frame before. */
  let stored: Sums = [header.readUInt32BE(24), header.readUInt32BE(28)];
  let firstBad: number | undefined;
  let committed = false;
  return (frame, number) => {
    const isOfThisLog = frame.compare(header, 16, 24, 8, 16) === 0;
    const sums = sum.of(frame, FRAME_HEADER_BYTES, frame.length, sum.of(frame, 0, 8, stored));
    const follows = isOfThisLog && sum.matches(sums, frame, 16);
    if (firstBad !== undefined && committed && follows) return firstBad;
    if (!follows) firstBad ??= number;
    committed = isOfThisLog && firstBad !== undefined && frame.readUInt32BE(4) !== 0;
    stored = [frame.readUInt32BE(16), frame.readUInt32BE(20)];
    return undefined;
  };
}

/** The checksum of the format: two sums over words of 32 bits, in the byte order that the header names. */
function createSum(littleEndian: boolean) {
  return {
    of(bytes: Buffer, from: number, to: number, [first, second]: Sums): Sums {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      let a = first | 0;
      let b = second | 0;
      for (let at = from; at < to; at += 8) {
        a = (a + view.getInt32(at, littleEndian) + b) | 0;
        b = (b + view.getInt32(at + 4, littleEndian) + a) | 0;
      }
      return [a, b];
    },
    /** Whether these are the sums written down at `at`. */
    matches: ([first, second]: Sums, bytes: Buffer, at: number) =>
      bytes.readInt32BE(at) === first && bytes.readInt32BE(at + 4) === second,
  };
}

/** Throws `database_damaged` where the write-ahead log is damaged. */
export function checkWal(databasePath: string): void {
  const damage = findWalDamage(databasePath);
  if (damage !== undefined) throw walDamaged(databasePath, describeWalDamage(damage));
}

export function describeWalDamage({ frame, frames }: WalDamage): string {
  return frame === 0
    ? "the header of its write-ahead log is damaged"
    : `its write-ahead log is damaged at frame ${frame} of ${frames}`;
}

/** What to do about a log that cannot be trusted: as it is, it would overwrite newer pages of the database with older ones. */
export function walDamaged(databasePath: string, why: string): LogctlError {
  return new LogctlError(
    "database_damaged",
    `the database '${databasePath}' is damaged: ${why}. Nothing was changed; put a backup in its place, or move '${databasePath}-wal' away to start with what was in the database itself`,
  );
}
