import type { Batch } from "../batch.ts";

/** A batch as it was when it was spooled, and when that was. */
export type SpoolEntry = { batch: Batch; createdAtMs: number };

type Header = { key: string; created_at_ms: number; from: number; width: number; sent_at_ms: number };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One line of JSON about the batch, and a line for each record. */
export function encodeSpoolEntry({ batch, createdAtMs }: SpoolEntry): Uint8Array {
  const { key, records, from, width, sentAtMs } = batch;
  const header: Header = { key, created_at_ms: createdAtMs, from, width, sent_at_ms: sentAtMs };
  return encoder.encode(`${JSON.stringify(header)}\n${records.join("\n")}`);
}

/** What was encoded: a payload whose checksum was looked at. */
export function decodeSpoolEntry(payload: Uint8Array): SpoolEntry {
  const [line, ...records] = decoder.decode(payload).split("\n");
  const { key, created_at_ms, from, width, sent_at_ms } = JSON.parse(line as string) as Header;
  return { batch: { key, records, from, width, sentAtMs: sent_at_ms }, createdAtMs: created_at_ms };
}
