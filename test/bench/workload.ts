import { createRecords, PHRASE } from "./records.ts";

/** One complete HTTP request, head and body, and how many records its body has. */
export type LoadRequest = { bytes: Uint8Array; records: number };

export type Workload = {
  batches: LoadRequest[];
  singles: LoadRequest[];
  /** Records of both. */
  records: number;
  /** Bytes of JSON of both, line ends left out. */
  jsonBytes: number;
  /** Records whose message has PHRASE in it. */
  phraseRecords: number;
};

export const SEED = 20_261_124;
export const BATCH_ROWS = 1000;

/** How many records are posted one by one, for `rows` in batches. */
export function singlesFor(rows: number): number {
  return Math.min(50_000, Math.max(2000, Math.floor(rows / 50)));
}

/**
 * Every request of a run as bytes, made before any clock starts; both systems get the very same ones, so the Host has
 * no port and both take the same token.
 */
export function buildWorkload(rows: number, token: string, seed: number = SEED): Workload {
  const next = createRecords(seed, rows);
  const encoder = new TextEncoder();
  const workload: Workload = { batches: [], singles: [], records: 0, jsonBytes: 0, phraseRecords: 0 };

  function writeRecords(count: number, contentType: string): LoadRequest {
    const lines: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const record = next();
      if (record.message.includes(PHRASE)) workload.phraseRecords += 1;
      lines.push(JSON.stringify(record));
    }
    const body = encoder.encode(lines.join("\n"));
    workload.records += count;
    workload.jsonBytes += body.length - (count - 1);
    const head = encoder.encode(
      `POST /logs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token ${token}\r\n` +
        `Content-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    return { bytes: Buffer.concat([head, body]), records: count };
  }

  for (let done = 0; done < rows; done += BATCH_ROWS) {
    workload.batches.push(writeRecords(Math.min(BATCH_ROWS, rows - done), "application/x-ndjson"));
  }
  for (let i = 0; i < singlesFor(rows); i += 1) workload.singles.push(writeRecords(1, "application/json"));
  return workload;
}
