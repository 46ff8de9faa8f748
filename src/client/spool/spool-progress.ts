import { closeSync, fdatasyncSync, readSync, writeSync } from "node:fs";
import { openOwnFile } from "./own-files.ts";

/** Up to where a spool is delivered: to the entry at `offset` of a segment, or to its first one where that is 0. */
export type SpoolProgress = {
  segment: number;
  offset: number;
  /** How many entries are delivered as one batch; 0 where none is begun, and the rest means nothing. */
  entries: number;
  /** How far that batch is. */
  from: number;
  width: number;
  sentAtMs: number;
};

export type ProgressFile = {
  progress: SpoolProgress;
  /** What is in a file that cannot be read as any progress; undefined where it can, or there is none. */
  unreadable: Uint8Array | undefined;
  /** Outlives this process at once, and a power cut where `sync` is set. */
  write(progress: SpoolProgress, sync: boolean): void;
  close(): void;
};

export const PROGRESS_FILE = "progress";

const NUMBERS = 7;
const SLOT_BYTES = NUMBERS * 8 + 4;

/** Before the entry at `offset`. */
export function progressAt(segment: number, offset: number): SpoolProgress {
  return { segment, offset, entries: 0, from: 0, width: 0, sentAtMs: 0 };
}

const START = progressAt(0, 0);

/**
 * Opens the file that keeps the progress; without one it is at the start. Two slots are written in turn, each with a number
 * of its own and a checksum, so that one that was cut short leaves the one before. Where a joined batch is begun both are, since
 * the one before would know nothing of it, and it is by their number that the collector knows entries that were joined.
 */
export function openProgressFile(path: string): ProgressFile {
  const { slot, bytes } = readSlots(path);
  let serial = slot?.serial ?? 0;
  let isJoined = (slot?.progress.entries ?? 0) > 1;
  const descriptor = openOwnFile(path, "update");

  function writeSlot({ segment, offset, entries, from, width, sentAtMs }: SpoolProgress): void {
    serial += 1;
    const written = new Uint8Array(SLOT_BYTES);
    written.set(new Uint8Array(Float64Array.of(serial, segment, offset, entries, from, width, sentAtMs).buffer));
    const checksum = Bun.hash.crc32(written.subarray(0, NUMBERS * 8));
    written.set(new Uint8Array(Uint32Array.of(checksum).buffer), NUMBERS * 8);
    writeSync(descriptor, written, 0, SLOT_BYTES, (serial % 2) * SLOT_BYTES);
  }

  return {
    progress: slot?.progress ?? START,
    unreadable: slot === undefined && bytes.some((byte) => byte !== 0) ? bytes : undefined,
    write(progress, sync) {
      if (progress.entries > 1 && !isJoined) writeSlot(progress);
      isJoined = progress.entries > 1;
      writeSlot(progress);
      if (sync) fdatasyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}

/** The progress that a spool was left with. */
export function readProgress(path: string): SpoolProgress {
  return readSlots(path).slot?.progress ?? START;
}

type Slot = { serial: number; progress: SpoolProgress };

function readSlots(path: string): { slot: Slot | undefined; bytes: Uint8Array } {
  const bytes = new Uint8Array(2 * SLOT_BYTES);
  try {
    const descriptor = openOwnFile(path);
    readSync(descriptor, bytes, 0, bytes.length, 0);
    closeSync(descriptor);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
  const [first, second] = [readSlot(bytes.slice(0, SLOT_BYTES)), readSlot(bytes.slice(SLOT_BYTES))];
  return { slot: (first?.serial ?? 0) > (second?.serial ?? 0) ? first : second, bytes };
}

function readSlot(slot: Uint8Array): Slot | undefined {
  const [checksum] = new Uint32Array(slot.slice(NUMBERS * 8).buffer);
  const numbers = new Float64Array(slot.slice(0, NUMBERS * 8).buffer);
  if (checksum !== Bun.hash.crc32(slot.subarray(0, NUMBERS * 8)) || numbers[0] === 0) return undefined;
  const [serial, segment, offset, entries, from, width, sentAtMs] = numbers as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { serial, progress: { segment, offset, entries, from, width, sentAtMs } };
}
