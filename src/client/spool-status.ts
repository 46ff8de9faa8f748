import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { lockHolder } from "../process-lock.ts";
import type { SpoolStatus } from "../schema/spool.ts";
import { deadFolderOf, LOCK_FILE, spoolError } from "./spool.ts";
import { decodeSpoolEntry } from "./spool-entry.ts";
import type { SpoolFolder } from "./spool-folders.ts";
import { PROGRESS_FILE, readProgress } from "./spool-progress.ts";
import { FIRST_OFFSET, listSegments, readEntry, segmentPath, walkSegment } from "./spool-segment.ts";

/** Looks at a spool without disturbing who works on it. Throws `spool_unusable`. */
export function readSpoolStatus({ folder, url }: SpoolFolder): SpoolStatus {
  try {
    return {
      folder,
      url,
      ...readWaiting(folder),
      ...readDead(deadFolderOf(folder)),
      used_by: lockHolder(join(folder, LOCK_FILE)) ?? null,
    };
  } catch (error) {
    throw spoolError(folder, error);
  }
}

function readWaiting(folder: string): Pick<SpoolStatus, "records" | "batches" | "bytes" | "oldest"> {
  const { segment, offset, from } = readProgress(join(folder, PROGRESS_FILE));
  const waiting = { records: 0, batches: 0, bytes: 0, oldest: null as string | null };
  for (const number of listSegments(folder).filter((found) => found >= segment)) {
    const path = segmentPath(folder, number);
    const places = ifThere(() => walkSegment(path, number === segment ? offset : FIRST_OFFSET)) ?? [];
    for (const { count, next, offset: start } of places) {
      waiting.records += count;
      waiting.batches += 1;
      waiting.bytes += next - start;
      waiting.oldest ??= ifThere(() => timeOf(path, start)) ?? null;
    }
  }
  if (waiting.records > 0) waiting.records -= from;
  return waiting;
}

function timeOf(path: string, offset: number): string | undefined {
  const found = readEntry(path, offset);
  if (found === "end" || found.kind === "damaged") return undefined;
  return new Date(decodeSpoolEntry(found.payload).createdAtMs).toISOString();
}

function readDead(folder: string): Pick<SpoolStatus, "dead" | "dead_bytes"> {
  const counts = { dead: 0, dead_bytes: 0 };
  for (const name of ifThere(() => readdirSync(folder)) ?? []) {
    const path = join(folder, name);
    counts.dead_bytes += statSync(path).size;
    counts.dead += name.endsWith(".ndjson") ? countLines(path) : 1;
  }
  return counts;
}

function countLines(path: string): number {
  const descriptor = openSync(path, "r");
  const buffer = new Uint8Array(256 * 1024);
  let lines = 0;
  for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
    for (let at = buffer.indexOf(10); at >= 0 && at < length; at = buffer.indexOf(10, at + 1)) lines += 1;
  }
  closeSync(descriptor);
  return lines;
}

/** Who works on a spool takes files away at any time. */
function ifThere<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}
