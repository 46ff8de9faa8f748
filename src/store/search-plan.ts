import type { Filter, RecordFormat } from "../schema/filter.ts";
import type { BlockReader } from "./blocks/block/block-reader.ts";
import type { RecordRange } from "./stats-plan.ts";

export type Order = "desc" | "asc";

/** Where a record stands in an order; a page of results goes on after it. `ms` and `nanos` count only where the order is by timestamp. */
export type Position = { id: number; ms: number; nanos: number };

/** A search as a scan worker runs it. */
export type SearchPlan = {
  filter: Filter;
  sort: "received_at" | "timestamp";
  order: Order;
  /** Only records that come after this one in the order. */
  after?: Position;
  /** Only records up to this id. */
  throughId?: number;
  /** Only records of this range, and these without what frames an answer: pieces are put together by whoever searches by ranges. */
  part?: RecordRange;
  /** So long after it began it is given up, at the next place to go on from, as `unfinished`. */
  patienceMs?: number;
  /** Records to leave out at the start. */
  offset: number;
  /** The most records to give; may be infinite. */
  limit: number;
  format: RecordFormat | "sse";
  /** Whose share it takes of what may be searched for at one time: the number of a token. */
  reader?: number;
  /** Taken as slowly as a reader likes: counted as a stream whatever its format. */
  atReadersPace?: true;
};

/** Records found one after another on one page, in the order asked for. */
export type Hits = { block: BlockReader; page: number; rows: number[] };

/** What a walk over the blocks comes to next: records, or a place before which there is nothing more to find. */
export type Step = { hits: Hits; passed?: undefined } | { hits?: undefined; passed: Position | undefined };

/**
 * A piece of an answer: UTF-8, how many records it holds, and where the last of them stands. After the one that is `done`
 * comes no other; where it is `unfinished`, `last` says from where another search would go on.
 */
export type SearchChunk = {
  bytes: Uint8Array<ArrayBuffer>;
  rows: number;
  last: Position | undefined;
  done: boolean;
  unfinished?: boolean;
};

/** The same on its way out of the store. */
export type SearchPiece = Omit<SearchChunk, "bytes"> & { bytes: Uint8Array };
