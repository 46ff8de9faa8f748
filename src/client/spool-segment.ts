import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/**
 * A segment is a file of entries, one after another, that is only ever appended to. It begins with these bytes, which also
 * say what the rest means; an entry is the length of its payload, the number of its records, a CRC-32 of the number and the
 * payload (each 32 bits, little-endian), and the payload.
 */
const MAGIC = new TextEncoder().encode("LCSPOOL1");
const FRAME_BYTES = 12;
export const FIRST_OFFSET = MAGIC.length;

const NAME = /^(\d{10})\.spool$/;

/** Where an entry lies. */
export type EntryPlace = { offset: number; next: number; count: number };

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(10, "0")}.spool`);
}

/** The numbers of the segments in a folder, in order. */
export function listSegments(folder: string): number[] {
  return readdirSync(folder)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

export type SegmentWriter = {
  readonly number: number;
  /** Bytes so far. */
  size(): number;
  /** Adds an entry; where `sync` is set it is on the disk then, with those before it. Throws, and leaves the segment as it was. */
  append(payload: Uint8Array, count: number, sync: boolean): void;
  /** All is on the disk then. */
  close(): void;
};

/** Begins a segment that nobody but its owner can read. */
export function createSegment(folder: string, number: number): SegmentWriter {
  const descriptor = openSync(segmentPath(folder, number), "ax", 0o600);
  let size = 0;

  function write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  }

  function append(bytes: Uint8Array[], sync: boolean): void {
    try {
      for (const part of bytes) write(part);
      if (sync) fdatasyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, size);
      throw error;
    }
    size += bytes.reduce((sum, part) => sum + part.length, 0);
  }

  append([MAGIC], true);
  syncFolder(folder);
  return {
    number,
    size: () => size,
    append: (payload, count, sync) => append([frameOf(payload, count), payload], sync),
    close() {
      fdatasyncSync(descriptor);
      closeSync(descriptor);
    },
  };
}

function frameOf(payload: Uint8Array, count: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(payload.length, count, checksumOf(payload, count)).buffer);
}

function checksumOf(payload: Uint8Array, count: number): number {
  return Bun.hash.crc32(payload, count);
}

/** Without this a power cut may take a new file away, whatever was synced within it. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Where the entries of a segment lie from `offset` on, up to so many, without looking at what is in them. */
export function walkSegment(path: string, offset: number, most = Number.POSITIVE_INFINITY): EntryPlace[] {
  return withFile(path, (descriptor, size) => {
    const places: EntryPlace[] = [];
    let next = offset;
    while (places.length < most) {
      const place = readPlace(descriptor, size, next);
      if (place === undefined) break;
      places.push(place);
      next = place.next;
    }
    return places;
  });
}

/**
 * The entry at `offset`: `end` where there is none, or only one that was cut short, `damaged` where it is not what was
 * written though others come after it.
 */
export function readEntry(
  path: string,
  offset: number,
): { kind: "entry" | "damaged"; place: EntryPlace; payload: Uint8Array } | "end" {
  return withFile(path, (descriptor, size) => {
    const place = readPlace(descriptor, size, offset);
    if (place === undefined) return "end";
    const payload = new Uint8Array(place.next - offset - FRAME_BYTES);
    readAll(descriptor, payload, offset + FRAME_BYTES);
    const [checksum] = new Uint32Array(read(descriptor, 4, offset + 8).buffer);
    if (checksumOf(payload, place.count) === checksum) return { kind: "entry", place, payload };
    return place.next === size ? "end" : { kind: "damaged", place, payload };
  });
}

function readPlace(descriptor: number, size: number, offset: number): EntryPlace | undefined {
  if (offset + FRAME_BYTES > size) return undefined;
  const [length, count] = new Uint32Array(read(descriptor, 8, offset).buffer) as unknown as [number, number];
  const next = offset + FRAME_BYTES + length;
  return length === 0 || next > size ? undefined : { offset, next, count };
}

function read(descriptor: number, length: number, offset: number): Uint8Array {
  const bytes = new Uint8Array(length);
  readAll(descriptor, bytes, offset);
  return bytes;
}

function readAll(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    const taken = readSync(descriptor, bytes, done, bytes.length - done, offset + done);
    if (taken === 0) throw new Error("the file ends early");
    done += taken;
  }
}

function withFile<Result>(path: string, work: (descriptor: number, size: number) => Result): Result {
  const descriptor = openSync(path, "r");
  try {
    return work(descriptor, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}
