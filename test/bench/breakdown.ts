import { Database } from "bun:sqlite";
import { join } from "node:path";
import { DENSE_PART } from "../../src/store/blocks/block/dense-block.ts";
import { PART } from "../../src/store/blocks/block/plain-block.ts";
import { alignColumns, formatNumber } from "./align-columns.ts";
import { bytesOnDisk } from "./settle.ts";

/** What one part of all blocks takes on disk; the parts of a folder together are all of its bytes. */
export type Part = { name: string; bytes: number };

/** A part's key is `(blockId * PARTS + part) * PAGES + page`. */
const PARTS = 64;
const PAGES = 256;

/** Where the bytes of a settled database of logctl's go, the largest part first. */
export function readBreakdown(folder: string): Part[] {
  const database = new Database(join(folder, "logs.db"), { readonly: true, strict: true });
  try {
    // Parts of both kinds of block that have one number hold the same.
    const names = new Map<number, string>(Object.entries({ ...PART, ...DENSE_PART }).map(([name, number]) => [number, name]));
    const parts = database
      .query<{ part: number; bytes: number }, []>(
        `SELECT (key / ${PAGES}) % ${PARTS} AS part, sum(length(data)) AS bytes FROM block_part GROUP BY 1`,
      )
      .all()
      .map(({ part, bytes }) => ({ name: names.get(part) ?? `part ${part}`, bytes }));
    const pragma = (name: string) => Number(Object.values(database.query(`PRAGMA ${name}`).get() as object)[0]);
    const pageBytes = pragma("page_size");
    const databaseBytes = pragma("page_count") * pageBytes;
    const freeBytes = pragma("freelist_count") * pageBytes;
    const partBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    return [
      ...parts,
      { name: "free pages", bytes: freeBytes },
      { name: "SQLite's pages around the parts, other tables", bytes: databaseBytes - freeBytes - partBytes },
      { name: "WAL and other files", bytes: bytesOnDisk(folder) - databaseBytes },
    ].sort((a, b) => b.bytes - a.bytes);
  } finally {
    database.close();
  }
}

export function renderBreakdown(parts: readonly Part[], records: number): string {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = [...parts, { name: "all", bytes: total }].map(({ name, bytes }) => [
    name,
    formatNumber(bytes),
    (bytes / records).toFixed(2),
    `${((bytes / total) * 100).toFixed(1)} %`,
  ]);
  return alignColumns([["where logctl's bytes go", "bytes", "bytes/record", "share"], ...rows], (column) => column > 0);
}
