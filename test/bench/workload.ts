import { closeSync, openSync, writeSync } from "node:fs";
import { createTally, type Expected } from "./expected.ts";
import { createRecords } from "./records.ts";
import {
  type BodyRange,
  type LoadRequest,
  type RequestSource,
  requestsFromFile,
  requestsInMemory,
  writeHead,
} from "./request-source.ts";

export type Workload = {
  /** The NDJSON file that has all records, those in batches first: what ripgrep reads and DuckDB loads. */
  path: string;
  /** Of the file: a line end after each record. */
  bytes: number;
  /** Records in batches. */
  rows: number;
  batches: RequestSource;
  singles: RequestSource;
  expected: Expected;
  close(): void;
};

export const SEED = 20_261_124;
export const BATCH_ROWS = 1000;

/** How many records are posted one by one, for `rows` in batches. */
export function singlesFor(rows: number): number {
  return Math.min(50_000, Math.max(2000, Math.floor(rows / 50)));
}

export type WorkloadOptions = {
  seed?: number;
  /** How many of the records the rare word is spread over; by default all that come in batches. */
  rareRows?: number;
  /** How many come one by one; by default what `singlesFor` says. */
  singles?: number;
};

/**
 * Writes every record of a run to a new file at `path`, before any clock starts, and counts what is in them. The batches
 * are read from that file while they are posted; it stays open until `close`.
 */
export function writeWorkload(
  path: string,
  rows: number,
  token: string,
  { seed = SEED, rareRows = rows, singles: ones = singlesFor(rows) }: WorkloadOptions = {},
): Workload {
  const next = createRecords(seed, rareRows);
  const tally = createTally();
  const encoder = new TextEncoder();
  const file = openSync(path, "wx+", 0o600);
  let bytes = 0;

  function writeLines(count: number): { lines: Uint8Array; range: BodyRange } {
    let text = "";
    for (let i = 0; i < count; i += 1) {
      const record = next();
      tally.add(record);
      text += `${JSON.stringify(record)}\n`;
    }
    const lines = encoder.encode(text);
    for (let written = 0; written < lines.length; ) written += writeSync(file, lines, written);
    const start = bytes;
    bytes += lines.length;
    return { lines, range: { start, end: bytes - 1, records: count } };
  }

  const bodies: BodyRange[] = [];
  for (let done = 0; done < rows; done += BATCH_ROWS) bodies.push(writeLines(Math.min(BATCH_ROWS, rows - done)).range);
  const singles: LoadRequest[] = [];
  for (let i = 0; i < ones; i += 1) {
    const body = writeLines(1).lines.subarray(0, -1);
    const head = encoder.encode(writeHead(token, "application/json", body.length));
    singles.push({ bytes: Buffer.concat([head, body]), records: 1 });
  }
  return {
    path,
    bytes,
    rows,
    batches: requestsFromFile(file, bodies, token),
    singles: requestsInMemory(singles),
    expected: tally.sum(),
    close: () => closeSync(file),
  };
}
