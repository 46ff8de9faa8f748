/** What may be kept. What is absent sets no limit. */
export type Retention = {
  /** How long ago a record may have been received, in ms. */
  maxAgeMs?: number;
  /** How large the database may be, in bytes. */
  maxBytes?: number;
};

/** Of a limit of size a block takes this part at most: it is dropped as a whole, and must not be all there is. */
const BLOCK_PART = 1 / 8;

/** How large a block may be, in bytes as stored. */
export function mostBlockBytes({ maxBytes = Number.POSITIVE_INFINITY }: Retention = {}): number {
  return maxBytes * BLOCK_PART;
}

export type DropReason = "age" | "size";

/** What was dropped for one reason; times are ms since the epoch, of receipt. */
export type Dropped = { reason: DropReason; records: number; receivedMin: number; receivedMax: number };
