import { closeSync, openSync, readSync, statSync } from "node:fs";

export const HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;

/** The beginning of a write-ahead log (https://sqlite.org/fileformat2.html, 4.1). */
export type WalHeader = {
  pageBytes: number;
  /** How many frames the file has room for; not all of them need be of this log, which is written over from its start. */
  frames: number;
  /** Another one each time that the log is begun anew. */
  salts: string;
  /** Whether it is what was written. */
  isWhole: boolean;
};

/** One page, as a commit left it. */
export type WalFrame = {
  /** From 1 on. */
  number: number;
  /** Which page of the database it is, from 1 on. */
  page: number;
  /** How many pages the database has after the commit that ends with this frame; 0 where none does. */
  commitPages: number;
  /** The page itself: memory that the next frame is read into. */
  data: Buffer;
  /** Whether it has the salts of the header: if not it was left over by an earlier log. */
  isOfThisLog: boolean;
  /** Whether its checksum goes on from that of the frame before: SQLite takes frames up to the first that does not. */
  follows: boolean;
};

/**
 * Reads the write-ahead log of a database from its start, frame by frame, until `visit` answers false. Undefined where there
 * is no log, or nothing was written to it yet. Of a log whose header is not whole no frame is read.
 */
export function readWal(databasePath: string, visit: (frame: WalFrame) => boolean): WalHeader | undefined {
  const path = `${databasePath}-wal`;
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined;
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    if (header.every((byte) => byte === 0)) return undefined;
    const pageBytes = header.readUInt32BE(8);
    const frameBytes = FRAME_HEADER_BYTES + pageBytes;
    const frames = Math.floor((size - HEADER_BYTES) / frameBytes);
    const magic = header.readUInt32BE(0);
    const isKnown = magic === MAGIC_LITTLE_ENDIAN || magic === MAGIC_BIG_ENDIAN;
    const sum = createSum(magic === MAGIC_LITTLE_ENDIAN);
    const isWhole = isKnown && sum.matches(sum.of(header, 0, 24, [0, 0]), header, 24);
    /** What is written down in the frame before. */
    let stored: Sums = [header.readUInt32BE(24), header.readUInt32BE(28)];
    const frame = Buffer.alloc(isWhole ? frameBytes : 0);
    for (let number = 1; isWhole && number <= frames; number += 1) {
      readSync(file, frame, 0, frameBytes, HEADER_BYTES + (number - 1) * frameBytes);
      const isOfThisLog = frame.compare(header, 16, 24, 8, 16) === 0;
      const sums = sum.of(frame, FRAME_HEADER_BYTES, frame.length, sum.of(frame, 0, 8, stored));
      const follows = isOfThisLog && sum.matches(sums, frame, 16);
      stored = [frame.readUInt32BE(16), frame.readUInt32BE(20)];
      const [page, commitPages, data] = [frame.readUInt32BE(0), frame.readUInt32BE(4), frame.subarray(FRAME_HEADER_BYTES)];
      if (!visit({ number, page, commitPages, data, isOfThisLog, follows })) break;
    }
    return { pageBytes, frames, salts: header.toString("hex", 16, 24), isWhole };
  } finally {
    closeSync(file);
  }
}

type Sums = [number, number];

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
