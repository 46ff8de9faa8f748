import { closeSync, fstatSync, readSync } from "node:fs";
import { openOwnFile } from "./own-files.ts";
import { type Frame, guessHead, HEAD_BYTES, readHead } from "./segment-format.ts";

/** Where an entry lies, or what should be one, and how many records its frame says it has. */
export type EntryPlace = { offset: number; next: number; count: number };

/**
 * What lies at an offset: an `entry` that is what was written; bytes that are `damaged`, up to the next entry that can be read;
 * or the `end`, which may be behind an entry that a crash cut short, or have something `missing` that was there once.
 */
export type SegmentPart =
  | ({ kind: "entry"; payload: Uint8Array } & EntryPlace)
  | ({ kind: "damaged"; reason: string } & EntryPlace)
  | { kind: "end"; missing?: string };

export type SegmentReader = {
  partAt(offset: number): SegmentPart;
  /** The same by what frames say, for who only counts: whether what is in an entry is whole, is not looked at. */
  placesFrom(offset: number): EntryPlace[];
  /** As many as are there. */
  bytes(from: number, to: number): Uint8Array;
};

/** Whether a segment is a newer logctl's, which knows what it means. */
export function isNewerSegment(path: string): boolean {
  return withFile(path, ({ size, bytes }) => {
    const head = readHead(bytes(0, Math.min(size, HEAD_BYTES)));
    return head === "newer" && guessHead(bytes(0, size)) === undefined;
  });
}

/** Reads a segment, from its beginning for the offset 0. Not for one that is newer. */
export function readSegment<Result>(path: string, work: (segment: SegmentReader) => Result): Result {
  return withFile(path, ({ size, bytes }) => {
    const found = readHead(bytes(0, Math.min(size, HEAD_BYTES)));
    const head = typeof found === "object" ? found : guessHead(bytes(0, size));
    if (head === undefined) throw new Error("it is of a newer logctl");
    const { format, start, length } = head;

    const frameAt = (offset: number) => format.readFrame(bytes(offset, Math.min(size, offset + format.frameBytes)), 0);
    const exceeds = (offset: number, frame: Frame) => offset + format.frameBytes + frame.length > size;

    /** What a crash leaves of what was not yet on the disk for certain: too few bytes, or ones that were never written. */
    function isCutAt(offset: number, frame: Frame | undefined): boolean {
      if (format.tellsCuts && length !== 0) return false;
      const isShort = size - offset < format.frameBytes || (format.tellsCuts && frame !== undefined && exceeds(offset, frame));
      return isShort || bytes(size - 1, size)[0] === 0;
    }

    function damageAt(offset: number, frame: Frame | undefined, reason: string): SegmentPart {
      // Mostly the next entry is where it should be: not all that follows need be looked at.
      const near = frame === undefined ? size : Math.min(size, offset + format.frameBytes + frame.length + format.frameBytes);
      const first = format.findFrame(bytes(offset, near), 1);
      const at = first < 0 && near < size ? format.findFrame(bytes(offset, size), 1) : first;
      if (at < 0 && isCutAt(offset, frame)) return { kind: "end" };
      return {
        kind: "damaged",
        offset,
        next: at < 0 ? Math.max(size, length ?? 0) : offset + at,
        count: frame?.count ?? 0,
        reason,
      };
    }

    function partAt(from: number, isQuick = false): SegmentPart {
      const offset = Math.max(from, start);
      if (offset >= size) {
        if (size === 0) return { kind: "end", missing: "the file is empty" };
        // What is damaged up to there has been told of.
        const isShort = length !== undefined && length > size && offset === size;
        return { kind: "end", ...(isShort && { missing: `the last ${length - size} bytes are missing` }) };
      }
      const frame = frameAt(offset);
      if (frame === undefined) return damageAt(offset, frame, "what tells of an entry is not what was written");
      if (exceeds(offset, frame)) return damageAt(offset, frame, "an entry is cut short");
      const next = offset + format.frameBytes + frame.length;
      const place = { offset, next, count: frame.count };
      if (isQuick) return { kind: "entry", ...place, payload: new Uint8Array() };
      const payload = bytes(offset + format.frameBytes, next);
      if (format.isWhole(payload, frame)) return { kind: "entry", ...place, payload };
      return damageAt(offset, frame, "an entry is not what was written");
    }

    return work({
      partAt,
      placesFrom(from) {
        const places: EntryPlace[] = [];
        for (let part = partAt(from, true); part.kind !== "end"; part = partAt(part.next, true)) places.push(part);
        return places;
      },
      bytes: (from, to) => bytes(from, Math.min(size, to)),
    });
  });
}

type OpenFile = { size: number; bytes(from: number, to: number): Uint8Array };

function withFile<Result>(path: string, work: (file: OpenFile) => Result): Result {
  const descriptor = openOwnFile(path);
  try {
    const bytes = (from: number, to: number) => {
      const read = new Uint8Array(Math.max(0, to - from));
      for (let done = 0; done < read.length; ) {
        const taken = readSync(descriptor, read, done, read.length - done, from + done);
        if (taken === 0) throw new Error("a segment ends early");
        done += taken;
      }
      return read;
    };
    return work({ size: fstatSync(descriptor).size, bytes });
  } finally {
    closeSync(descriptor);
  }
}
