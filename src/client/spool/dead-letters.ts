import { closeSync, fdatasyncSync, mkdirSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { IngestAnswer } from "../../schema/api.ts";
import type { Batch } from "../batch.ts";
import type { DeliveredPart } from "../delivery.ts";
import { openOwnFile } from "./own-files.ts";
import { deadFolderOf, spoolError } from "./spool.ts";

/** The file of one day's refused records, one a line with the reason; it is named after the day, in UTC. */
function fileOfDay(folder: string, nowMs: number): string {
  return join(deadFolderOf(folder), `${new Date(nowMs).toISOString().slice(0, 10)}.ndjson`);
}

/**
 * Keeps the records of a part that were refused, each with the reason, and whose they are of a batch's: a sender that is killed
 * at this very moment keeps them again. False where that would make the dead exceed `maxBytes`. Throws as a spool does.
 */
export function keepRefused(folder: string, batch: Batch, part: DeliveredPart, nowMs: number, maxBytes: number): boolean {
  const lines = linesOf(batch, part, nowMs);
  if (lines.length === 0) return true;
  const bytes = new TextEncoder().encode(lines.join(""));
  if (deadBytes(folder) + bytes.length > maxBytes) return false;
  try {
    mkdirSync(deadFolderOf(folder), { recursive: true, mode: 0o700 });
    const descriptor = openOwnFile(fileOfDay(folder, nowMs), "add");
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw spoolError(folder, error);
  }
  return true;
}

/** How much a spool keeps of what was refused. */
export function deadBytes(folder: string): number {
  const dead = deadFolderOf(folder);
  try {
    return readdirSync(dead).reduce((sum, name) => sum + statSync(join(dead, name)).size, 0);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return 0;
    throw spoolError(folder, error);
  }
}

function linesOf({ key, records }: Batch, { answer, first, count }: DeliveredPart, nowMs: number): string[] {
  const refused_at = new Date(nowMs).toISOString();
  return refusalsIn(answer, count).map(({ index, code, message }) => {
    const about = JSON.stringify({ refused_at, code, message, batch: key, index: first + index });
    return `${about.slice(0, -1)},"record":${records[first + index]}}\n`;
  });
}

/** One for each record that was refused: where all of them were, those that the answer does not name were so for the same reason. */
function refusalsIn({ accepted, errors }: IngestAnswer, count: number): { index: number; code: string; message: string }[] {
  const [example] = errors;
  if (accepted > 0 || example === undefined) return errors;
  const named = new Map(errors.map((error) => [error.index, error]));
  return Array.from({ length: count }, (_, index) => named.get(index) ?? { ...example, index });
}
