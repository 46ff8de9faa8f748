import { rmSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Batch } from "../batch.ts";
import { keepUnreadable } from "./dead-bytes.ts";
import { isNewerSegment, readSegment, type SegmentReader } from "./segment-reader.ts";
import type { Spool, SpooledBatch } from "./spool-batch.ts";
import { encodeSpoolEntry } from "./spool-entry.ts";
import { type JoinedEntries, joinEntries } from "./spool-join.ts";
import { openProgressFile, PROGRESS_FILE, progressAt } from "./spool-progress.ts";
import { createSegment, listSegments, type SegmentWriter, segmentPath } from "./spool-segment.ts";

export type SpoolQueueOptions = {
  folder: string;
  /** What cannot be read is kept here. */
  deadFolder: string;
  now: () => number;
  segmentBytes: number;
};

/** The batches in the segments of a folder, of which this process is the only user. Fails as the file system does. */
export function openSpoolQueue({ folder, deadFolder, now, segmentBytes }: SpoolQueueOptions): Omit<Spool, "folder"> {
  const file = openProgressFile(join(folder, PROGRESS_FILE));
  const numbers = listSegments(folder);
  // What a newer logctl wrote is for that one to read.
  const newer = numbers.filter((number) => isNewerSegment(segmentPath(folder, number)));
  const sizes = new Map<number, number>();
  /** Records that wait, by segment. */
  const counts = new Map<number, number>();
  let position = file.progress;
  // A segment that an earlier process began may end in an entry that was cut short: nothing is added to it.
  const firstOwn = Math.max(position.segment, ...numbers) + 1;
  let nextNumber = firstOwn;
  let writer: SegmentWriter | undefined;
  let head: (SpooledBatch & JoinedEntries) | undefined;
  let damagedParts = 0;
  if (file.unreadable !== undefined) keep("progress", "the progress is not what was written", file.unreadable);
  for (const number of numbers) {
    if (newer.includes(number)) continue;
    sizes.set(number, statSync(segmentPath(folder, number)).size);
    if (number < position.segment) deleteSegment(number);
    else counts.set(number, countIn(number));
  }

  function segmentsInOrder(): number[] {
    return [...sizes.keys()].sort((a, b) => a - b);
  }

  function offsetIn(number: number): number {
    return number === position.segment ? position.offset : 0;
  }

  function countIn(number: number): number {
    const places = readSegment(segmentPath(folder, number), (segment) => segment.placesFrom(offsetIn(number)));
    return places.reduce((sum, { count }) => sum + count, 0);
  }

  function isOwn(number: number): boolean {
    return number >= firstOwn;
  }

  /** What a frame says that cannot be relied on may be more than there was. */
  function forget(number: number, count: number): void {
    counts.set(number, Math.max(0, (counts.get(number) ?? 0) - count));
  }

  function closeWriter(): void {
    writer?.close();
    writer = undefined;
  }

  function deleteSegment(number: number): void {
    if (writer?.number === number) {
      writer.abandon();
      writer = undefined;
    }
    unlinkSync(segmentPath(folder, number));
    sizes.delete(number);
    counts.delete(number);
  }

  function moveTo(segment: number, offset: number): void {
    position = progressAt(segment, offset);
    file.write(position, false);
  }

  function beginSegment(): SegmentWriter {
    const number = nextNumber;
    // Numbers are not used again: what is left of one that could not be begun is in nobody's way.
    nextNumber += 1;
    try {
      const begun = createSegment(folder, number);
      sizes.set(number, begun.size());
      return begun;
    } catch (error) {
      rmSync(segmentPath(folder, number), { force: true });
      throw error;
    }
  }

  function append(batch: Batch, sync = true): void {
    const payload = encodeSpoolEntry({ batch, createdAtMs: now() });
    if (writer?.hasEntries() && writer.size() + payload.length > segmentBytes) closeWriter();
    writer ??= beginSegment();
    writer.append(payload, batch.records.length, sync);
    sizes.set(writer.number, writer.size());
    counts.set(writer.number, (counts.get(writer.number) ?? 0) + batch.records.length);
  }

  /** The first batch from the position on that can be read; what lies before it goes. */
  function loadHead(): typeof head {
    for (const number of segmentsInOrder()) {
      const found = readSegment(segmentPath(folder, number), (segment) => firstBatch(segment, number));
      if (found !== undefined) return found;
      deleteSegment(number);
    }
    return undefined;
  }

  function firstBatch(segment: SegmentReader, number: number): typeof head {
    for (let offset = offsetIn(number); ; ) {
      const { batch, damaged, beyond } = joinEntries(segment, offset, number === position.segment ? position : undefined);
      for (const { at, next, reason } of damaged)
        keep(`${number}-${at}`, reason, segment.bytes(at, next), { segment: number, offset: at });
      if (batch !== undefined) {
        if (number !== position.segment || batch.offset !== position.offset) moveTo(number, batch.offset);
        return { ...batch, isOwn: isOwn(number) };
      }
      if (beyond === undefined) return undefined;
      forget(number, beyond.count);
      offset = beyond.next;
      moveTo(number, offset);
    }
  }

  function keep(name: string, reason: string, bytes: Uint8Array, place: Record<string, number> = {}): void {
    damagedParts += 1;
    keepUnreadable(deadFolder, name, { found_at: new Date(now()).toISOString(), ...place, reason }, bytes);
  }

  return {
    append,
    head() {
      head ??= loadHead();
      return head;
    },
    save(sync = false) {
      if (head === undefined) return;
      const { batch, joined } = head;
      const { from, width, sentAtMs } = batch;
      // The collector knows entries that were joined by their number: it must outlive a power cut too.
      const isNew = joined > 1 && position.entries === 0;
      position = { ...position, entries: joined, from, width, sentAtMs };
      file.write(position, sync || isNew);
    },
    remove() {
      if (head === undefined) return;
      const { next, count } = head;
      const { segment } = position;
      head = undefined;
      forget(segment, count);
      moveTo(segment, next);
      // Of others it is looked at whether something is missing behind it.
      if (isOwn(segment) && next >= (sizes.get(segment) ?? 0)) deleteSegment(segment);
    },
    dropOldest() {
      const oldest = segmentsInOrder().find((number) => head === undefined || number !== position.segment);
      if (oldest === undefined) {
        closeWriter();
        return 0;
      }
      const count = counts.get(oldest) ?? 0;
      deleteSegment(oldest);
      return count;
    },
    bytes: () => [...sizes.values()].reduce((sum, size) => sum + size, 0),
    waiting() {
      const begun = head?.batch.from ?? 0;
      const sum = (isCounted: (number: number) => boolean) =>
        [...counts].reduce((total, [number, count]) => total + (isCounted(number) ? count : 0), 0);
      return { own: sum(isOwn) - (head?.isOwn ? begun : 0), all: sum(() => true) - begun };
    },
    damaged: () => damagedParts,
    newer: () => newer.map((number) => segmentPath(folder, number)),
    close() {
      // In both places: what becomes of one of them is no matter then.
      file.write(position, false);
      file.write(position, true);
      file.close();
      closeWriter();
    },
  };
}
