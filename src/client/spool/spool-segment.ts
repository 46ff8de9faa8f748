import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openOwnFile } from "./own-files.ts";
import { encodeFrame, encodeHead, HEAD_BYTES } from "./segment-format.ts";

const NAME = /^(\d{10})\.spool$/;

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
  hasEntries(): boolean;
  /** Adds an entry; where `sync` is set it is on the disk then, with those before it. Throws, and leaves the segment as it was. */
  append(payload: Uint8Array, count: number, sync: boolean): void;
  /** All is on the disk then, and the head says how long the segment is: what is missing later was there once. */
  close(): void;
  /** Lets go of a segment that is to be deleted. */
  abandon(): void;
};

/** Begins a segment that nobody but its owner can read. It has its name once its head is on the disk: one without is damaged. */
export function createSegment(folder: string, number: number): SegmentWriter {
  const path = segmentPath(folder, number);
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  const descriptor = openOwnFile(unfinished, "make");
  let size = 0;

  function write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
  }

  function append(bytes: Uint8Array, sync: boolean): void {
    try {
      write(bytes, size);
      if (sync) fdatasyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, size);
      throw error;
    }
    size += bytes.length;
  }

  try {
    append(encodeHead(0), true);
    renameSync(unfinished, path);
    syncFolder(folder);
  } catch (error) {
    closeSync(descriptor);
    rmSync(unfinished, { force: true });
    throw error;
  }
  return {
    number,
    size: () => size,
    hasEntries: () => size > HEAD_BYTES,
    append: (payload, count, sync) => append(encodeFrame(payload, count), sync),
    close() {
      try {
        // The length must not be on the disk before what it counts.
        fdatasyncSync(descriptor);
        write(encodeHead(size), 0);
        fdatasyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
    abandon: () => closeSync(descriptor),
  };
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
