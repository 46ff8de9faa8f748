import { closeSync, lstatSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { lockHolder } from "../../lock/process-lock.ts";
import type { SpoolStatus } from "../../schema/spool.ts";
import { isOwnFolder, openOwnFile } from "./own-files.ts";
import { isNewerSegment, readSegment } from "./segment-reader.ts";
import { deadFolderOf, LOCK_FILE } from "./spool.ts";
import { decodeSpoolEntry } from "./spool-entry.ts";
import { PROGRESS_FILE, readProgress } from "./spool-progress.ts";
import { listSegments, segmentPath } from "./spool-segment.ts";

/** Looks at a spool without disturbing who works on it; what is wrong with it is among what it says. */
export function readSpoolStatus({ folder, url }: { folder: string; url: string | null }): SpoolStatus {
  const problems: string[] = [];
  function orElse<Result>(look: () => Result, otherwise: Result): Result {
    try {
      return look();
    } catch (error) {
      problems.push((error as Error).message);
      return otherwise;
    }
  }
  if (url === null) problems.push("its label cannot be read");
  if (!orElse(() => isOwnFolder(folder), true)) problems.push("it belongs to another user");
  const waiting: Waiting = { records: 0, batches: 0, bytes: 0, oldest: null };
  orElse(() => readWaiting(folder, waiting, problems), undefined);
  const dead = orElse(() => readDead(deadFolderOf(folder)), { dead: 0, dead_bytes: 0 });
  const used_by = orElse(() => lockHolder(join(folder, LOCK_FILE)) ?? null, null);
  return { folder, url, ...waiting, ...dead, used_by, problems };
}

type Waiting = Pick<SpoolStatus, "records" | "batches" | "bytes" | "oldest">;

function readWaiting(folder: string, waiting: Waiting, problems: string[]): void {
  const { segment, offset, from } = readProgress(join(folder, PROGRESS_FILE));
  for (const number of listSegments(folder)) {
    const path = segmentPath(folder, number);
    if (ifThere(() => isNewerSegment(path))) problems.push(`'${path}' is of a newer logctl`);
    else if (number >= segment) ifThere(() => addSegment(path, number === segment ? offset : 0, waiting));
  }
  waiting.records = Math.max(0, waiting.records - from);
}

function addSegment(path: string, offset: number, waiting: Waiting): void {
  readSegment(path, (segment) => {
    for (const place of segment.placesFrom(offset)) {
      waiting.records += place.count;
      waiting.batches += 1;
      waiting.bytes += place.next - place.offset;
      const part = waiting.oldest === null ? segment.partAt(place.offset) : undefined;
      if (part?.kind === "entry") waiting.oldest = new Date(decodeSpoolEntry(part.payload).createdAtMs).toISOString();
    }
  });
}

function readDead(folder: string): Pick<SpoolStatus, "dead" | "dead_bytes"> {
  const counts = { dead: 0, dead_bytes: 0 };
  for (const name of ifThere(() => readdirSync(folder)) ?? []) {
    const path = join(folder, name);
    counts.dead_bytes += lstatSync(path).size;
    counts.dead += name.endsWith(".ndjson") ? countLines(path) : 1;
  }
  return counts;
}

function countLines(path: string): number {
  const descriptor = openOwnFile(path);
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
