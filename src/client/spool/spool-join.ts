import type { SegmentPart, SegmentReader } from "./segment-reader.ts";
import type { SpooledBatch } from "./spool-batch.ts";
import { decodeSpoolEntry, type SpoolEntry } from "./spool-entry.ts";
import type { SpoolProgress } from "./spool-progress.ts";

/** Entries that are delivered as one batch: how many, where they begin and end, and how many records they have. */
export type JoinedEntries = { joined: number; offset: number; next: number; count: number };

export type Joined = {
  /** Undefined where there is none to deliver at this place. */
  batch: (Omit<SpooledBatch, "isOwn"> & JoinedEntries) | undefined;
  /** What could not be read on the way, and why. */
  damaged: { at: number; next: number; reason: string }[];
  /** Where to go on, and how many records are passed over; undefined at the end of the segment. Not there beside a batch. */
  beyond: { next: number; count: number } | undefined;
};

type Part = Exclude<SegmentPart, { kind: "entry" }> | (Extract<SegmentPart, { kind: "entry" }> & { entry: SpoolEntry });

/** What is joined to one request at most. */
const MAX_JOINED = 1000;
const MAX_RECORDS = 1000;
const MAX_BYTES = 1_000_000;

/**
 * Joins the small entries at `offset` to one batch: those that were joined before, where `progress` says that they are begun, or
 * else as many as are good for a request.
 */
export function joinEntries(segment: SegmentReader, offset: number, progress: SpoolProgress | undefined): Joined {
  const begun = progress !== undefined && progress.entries > 0 && progress.offset === offset ? progress : undefined;
  const again = begun && joinAgain(segment, offset, begun);
  if (again !== undefined) return again;
  const first = readPart(segment, offset);
  if (first.kind === "end") {
    const { missing } = first;
    return {
      batch: undefined,
      damaged: missing === undefined ? [] : [{ at: offset, next: offset, reason: missing }],
      beyond: undefined,
    };
  }
  if (first.kind === "damaged") {
    return { batch: undefined, damaged: [{ at: first.offset, next: first.next, reason: first.reason }], beyond: first };
  }
  const parts = [first];
  let { count } = first;
  while (isPlain(first.entry) && parts.length < MAX_JOINED && count < MAX_RECORDS) {
    const last = parts.at(-1) as typeof first;
    const following = readPart(segment, last.next);
    if (following.kind !== "entry" || !isPlain(following.entry)) break;
    count += following.count;
    if (count > MAX_RECORDS || following.next - first.offset > MAX_BYTES) break;
    parts.push(following);
  }
  return {
    batch: batchOf(
      parts.map(({ entry }) => entry),
      parts,
      parts.length,
    ),
    damaged: [],
    beyond: undefined,
  };
}

/** Entries that were joined before, as they were; undefined where some are damaged and nothing of them was sent. */
function joinAgain(segment: SegmentReader, offset: number, begun: SpoolProgress): Joined | undefined {
  const parts: Exclude<Part, { kind: "end" }>[] = [];
  let at = offset;
  while (parts.length < begun.entries) {
    const part = readPart(segment, at);
    if (part.kind === "end") break;
    parts.push(part);
    at = part.next;
  }
  const [first] = parts;
  if (first === undefined) return undefined;
  const { from, width, sentAtMs } = begun;
  const entries = parts.flatMap((part) => (part.kind === "entry" ? part.entry : []));
  if (entries.length === begun.entries) {
    const batch = batchOf(entries, parts, begun.entries);
    return { batch: { ...batch, batch: { ...batch.batch, from, width, sentAtMs } }, damaged: [], beyond: undefined };
  }
  if (from === 0 && sentAtMs === 0) return undefined;
  // The collector may know them as one batch, which cannot be sent again: nor can a part of it, under another key.
  const damaged = parts.flatMap((part) =>
    part.kind === "damaged" ? { at: part.offset, next: part.next, reason: part.reason } : [],
  );
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  if (entries.length === 0) return { batch: undefined, damaged, beyond: { next: at, count } };
  return { batch: { ...batchOf(entries, parts, begun.entries), isUncertain: true }, damaged, beyond: undefined };
}

/** One batch of entries, which are in these parts. */
function batchOf(
  entries: readonly SpoolEntry[],
  parts: readonly { offset: number; next: number; count: number }[],
  joined: number,
): NonNullable<Joined["batch"]> {
  const [first] = entries as [SpoolEntry];
  const { offset } = parts[0] as { offset: number };
  const { next } = parts.at(-1) as { next: number };
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const isAlone = joined === 1;
  const batch = isAlone
    ? first.batch
    : {
        ...first.batch,
        key: `${first.batch.key}*${joined}`,
        records: entries.flatMap(({ batch: { records } }) => records),
        width: count,
      };
  return { batch, createdAtMs: first.createdAtMs, isUncertain: false, joined, offset, next, count };
}

function isPlain({ batch: { from, sentAtMs } }: SpoolEntry): boolean {
  return from === 0 && sentAtMs === 0;
}

function readPart(segment: SegmentReader, at: number): Part {
  const part = segment.partAt(at);
  if (part.kind !== "entry") return part;
  try {
    return { ...part, entry: decodeSpoolEntry(part.payload) };
  } catch {
    const { offset, next, count } = part;
    return { kind: "damaged", offset, next, count, reason: "an entry says nothing that can be read" };
  }
}
