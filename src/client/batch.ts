/** Records that are delivered together, and how far that is. */
export type Batch = {
  /** Made before the first attempt, and the same at every one. */
  readonly key: string;
  /** Each a JSON text without line breaks. */
  readonly records: readonly string[];
  /** Records before it are answered. */
  from: number;
  /** How many go into one request: fewer once the collector found them too large together. */
  width: number;
  /** When the next ones were sent first without an answer, so that they may be stored already; 0 if never. Ms since the epoch. */
  sentAtMs: number;
};

export function createBatch(records: readonly string[]): Batch {
  return { key: crypto.randomUUID(), records, from: 0, width: records.length, sentAtMs: 0 };
}

/** The records of a batch's next request, and the key by which the collector knows them at every attempt. */
export function nextRequest({ key, records, from, width }: Batch): { idempotencyKey: string; records: readonly string[] } {
  const part = records.slice(from, from + width);
  return { idempotencyKey: part.length === records.length ? key : `${key}/${from}+${part.length}`, records: part };
}
