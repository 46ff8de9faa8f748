import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";
import { FIRST_OFFSET } from "./spool-segment.ts";

/** Up to where a spool is delivered: to the entry at `offset` of a segment. */
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

const START = progressAt(0, FIRST_OFFSET);

/**
 * Opens the file that keeps the progress; without one it is at the start. Two slots are written in turn, each with a number
 * of its own and a checksum, so that one that was cut short leaves the one before.
 */
export function openProgressFile(path: string): ProgressFile {
  const slots = readSlots(path);
  let serial = slots?.serial ?? 0;
  const descriptor = openSync(path, slots === undefined ? "w" : "r+", 0o600);
  return {
    progress: slots?.progress ?? START,
    write({ segment, offset, entries, from, width, sentAtMs }, sync) {
      serial += 1;
      const slot = new Uint8Array(SLOT_BYTES);
      slot.set(new Uint8Array(Float64Array.of(serial, segment, offset, entries, from, width, sentAtMs).buffer));
      const checksum = Bun.hash.crc32(slot.subarray(0, NUMBERS * 8));
      slot.set(new Uint8Array(Uint32Array.of(checksum).buffer), NUMBERS * 8);
      writeSync(descriptor, slot, 0, SLOT_BYTES, (serial % 2) * SLOT_BYTES);
      if (sync) fdatasyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}

/** The progress that a spool was left with. */
export function readProgress(path: string): SpoolProgress {
  return readSlots(path)?.progress ?? START;
}

function readSlots(path: string): { serial: number; progress: SpoolProgress } | undefined {
  const bytes = new Uint8Array(2 * SLOT_BYTES);
  try {
    const descriptor = openSync(path, "r");
    readSync(descriptor, bytes, 0, bytes.length, 0);
    closeSync(descriptor);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
  const [first, second] = [readSlot(bytes.slice(0, SLOT_BYTES)), readSlot(bytes.slice(SLOT_BYTES))];
  return (first?.serial ?? 0) > (second?.serial ?? 0) ? first : second;
}

function readSlot(slot: Uint8Array): { serial: number; progress: SpoolProgress } | undefined {
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
