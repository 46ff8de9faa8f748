import type { Filter } from "../query/filter.ts";
import type { RecordFormat } from "../schema/filter.ts";

export type Order = "desc" | "asc";

/** Where a record stands in an order; a page of results goes on after it. `ms` and `nanos` count only where the order is by timestamp. */
export type Position = { id: number; ms: number; nanos: number };

/** A search for records, in an order. */
export type SearchPlan = {
  filter: Filter;
  sort: "received_at" | "timestamp";
  order: Order;
  /** Only records that come after this one in the order. */
  after?: Position;
  /** Only records up to this id. */
  throughId?: number;
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

/**
 * A piece of an answer: UTF-8, how many records it holds, and where the last of them stands. After the one that is `done`
 * comes no other; where it is `unfinished`, `last` says from where another search would go on.
 */
export type SearchPiece = {
  bytes: Uint8Array;
  rows: number;
  last: Position | undefined;
  done: boolean;
  unfinished?: boolean;
};
