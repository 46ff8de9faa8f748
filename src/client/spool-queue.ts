import { mkdirSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Batch } from "./batch.ts";
import type { Spool, SpooledBatch } from "./spool.ts";
import { decodeSpoolEntry, encodeSpoolEntry, type SpoolEntry } from "./spool-entry.ts";
import { openProgressFile, PROGRESS_FILE, progressAt } from "./spool-progress.ts";
import {
  createSegment,
  FIRST_OFFSET,
  listSegments,
  readEntry,
  type SegmentWriter,
  segmentPath,
  walkSegment,
} from "./spool-segment.ts";

export type SpoolQueueOptions = {
  folder: string;
  /** What cannot be read is kept here. */
  deadFolder: string;
  now: () => number;
  segmentBytes: number;
};

/** What is joined to one request at most. */
const MAX_JOINED = 1000;
const MAX_RECORDS = 1000;
const MAX_BYTES = 1_000_000;

/** The batches in the segments of a folder, of which this process is the only user. Fails as the file system does. */
export function openSpoolQueue({ folder, deadFolder, now, segmentBytes }: SpoolQueueOptions): Omit<Spool, "folder"> {
  const file = openProgressFile(join(folder, PROGRESS_FILE));
  const sizes = new Map(listSegments(folder).map((number) => [number, statSync(segmentPath(folder, number)).size]));
  let position = file.progress;
  // A segment that an earlier process began may end in an entry that was cut short: nothing is added to it.
  const firstOwn = Math.max(position.segment, ...sizes.keys()) + 1;
  let nextNumber = firstOwn;
  let writer: SegmentWriter | undefined;
  let head: (SpooledBatch & { entries: number; next: number; count: number }) | undefined;
  let damaged = 0;
  const waiting = { own: 0, earlier: 0 };
  for (const number of [...sizes.keys()]) {
    if (number < position.segment) deleteSegment(number);
    else waiting.earlier += countIn(number);
  }

  function segmentsInOrder(): number[] {
    return [...sizes.keys()].sort((a, b) => a - b);
  }

  function offsetIn(number: number): number {
    return number === position.segment ? position.offset : FIRST_OFFSET;
  }

  function countIn(number: number): number {
    return walkSegment(segmentPath(folder, number), offsetIn(number)).reduce((sum, { count }) => sum + count, 0);
  }

  function isOwn(number: number): boolean {
    return number >= firstOwn;
  }

  function forget(number: number, count: number): void {
    waiting[isOwn(number) ? "own" : "earlier"] -= count;
  }

  function closeWriter(): void {
    writer?.close();
    writer = undefined;
  }

  function deleteSegment(number: number): void {
    if (writer?.number === number) closeWriter();
    unlinkSync(segmentPath(folder, number));
    sizes.delete(number);
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
    if (writer !== undefined && writer.size() > FIRST_OFFSET && writer.size() + payload.length > segmentBytes) closeWriter();
    writer ??= beginSegment();
    writer.append(payload, batch.records.length, sync);
    sizes.set(writer.number, writer.size());
    waiting.own += batch.records.length;
  }

  /** The first entry from the position on that can be read; what lies before it goes. */
  function loadHead(): typeof head {
    for (const number of segmentsInOrder()) {
      let offset = offsetIn(number);
      for (let found = readEntry(segmentPath(folder, number), offset); found !== "end"; ) {
        const { next, count } = found.place;
        if (found.kind === "entry") {
          if (number !== position.segment || offset !== position.offset) moveTo(number, offset);
          return withFollowing({ ...decodeSpoolEntry(found.payload), isOwn: isOwn(number), entries: 1, next, count });
        }
        keepDamaged(number, offset, found.payload);
        forget(number, count);
        offset = next;
        moveTo(number, offset);
        found = readEntry(segmentPath(folder, number), offset);
      }
      deleteSegment(number);
    }
    return undefined;
  }

  /** Joins small entries to one batch: those that were joined before, or where none was begun as many as are good for a request. */
  function withFollowing(first: NonNullable<typeof head>): NonNullable<typeof head> {
    const isBegun = position.entries > 0;
    const path = segmentPath(folder, position.segment);
    const records = [...first.batch.records];
    let { next, count, entries } = first;
    let bytes = next - position.offset;
    const isPlain = ({ batch: { from, sentAtMs } }: SpoolEntry) => from === 0 && sentAtMs === 0;
    for (const place of isBegun || isPlain(first) ? walkSegment(path, next, MAX_JOINED) : []) {
      const fits = count + place.count <= MAX_RECORDS && bytes + place.next - place.offset <= MAX_BYTES;
      if (isBegun ? entries === position.entries : !fits) break;
      const found = readEntry(path, place.offset);
      if (found === "end" || found.kind === "damaged") break;
      const following = decodeSpoolEntry(found.payload);
      if (!isPlain(following)) break;
      records.push(...following.batch.records);
      entries += 1;
      count += place.count;
      bytes += place.next - place.offset;
      next = place.next;
    }
    const key = entries === 1 ? first.batch.key : `${first.batch.key}*${entries}`;
    const { from, width, sentAtMs } = isBegun ? position : { ...first.batch, width: entries === 1 ? first.batch.width : count };
    return { ...first, batch: { key, records, from, width, sentAtMs }, entries, next, count };
  }

  function keepDamaged(segment: number, offset: number, payload: Uint8Array): void {
    damaged += 1;
    mkdirSync(deadFolder, { recursive: true, mode: 0o700 });
    writeFileSync(join(deadFolder, `damaged-${segment}-${offset}`), payload, { mode: 0o600 });
  }

  return {
    append,
    head() {
      head ??= loadHead();
      return head;
    },
    save(sync = false) {
      if (head === undefined) return;
      const { batch, entries } = head;
      const { from, width, sentAtMs } = batch;
      // The collector knows entries that were joined by their number: it must outlive a power cut too.
      const isJoined = entries > 1 && position.entries === 0;
      position = { ...position, entries, from, width, sentAtMs };
      file.write(position, sync || isJoined);
    },
    remove() {
      if (head === undefined) return;
      const { next, count } = head;
      const { segment } = position;
      head = undefined;
      forget(segment, count);
      moveTo(segment, next);
      if (next >= (sizes.get(segment) ?? 0)) deleteSegment(segment);
    },
    dropOldest() {
      const oldest = segmentsInOrder().find((number) => head === undefined || number !== position.segment);
      if (oldest === undefined) {
        closeWriter();
        return 0;
      }
      const count = countIn(oldest);
      forget(oldest, count);
      deleteSegment(oldest);
      return count;
    },
    bytes: () => [...sizes.values()].reduce((sum, size) => sum + size, 0),
    waiting() {
      const begun = head?.batch.from ?? 0;
      const own = waiting.own - (head?.isOwn ? begun : 0);
      return { own, all: waiting.own + waiting.earlier - begun };
    },
    damaged: () => damaged,
    close() {
      file.write(position, true);
      file.close();
      closeWriter();
    },
  };
}
