import { LogctlError } from "../errors.ts";

/** Where a record stands: its timestamp in ms since the epoch and the nanoseconds beyond (0..999,999), and its id. */
type Position = { id: number; ms: number; nanos: number };
type Sort = "received_at" | "timestamp";

const BY_ARRIVAL = /^r(\d{1,15})$/;
const BY_TIMESTAMP = /^t(-?\d{1,15})\.(\d{1,6})\.(\d{1,15})$/;

/** A position as text that fits into a URL: `r<id>`, or `t<ms>.<nanos>.<id>` where the order is by timestamp. */
export function writeCursor({ id, ms, nanos }: Position, sort: Sort): string {
  return sort === "timestamp" ? `t${ms}.${nanos}.${id}` : `r${id}`;
}

/** The position that a cursor stands for. Throws `invalid_parameter` for one that belongs to the other order or is none. */
export function readCursor(cursor: string, sort: Sort): Position {
  const match = (sort === "timestamp" ? BY_TIMESTAMP : BY_ARRIVAL).exec(cursor);
  if (match === null) {
    const message = `cursor: '${cursor}' is none of sort=${sort}; use the next page's address as it came, in the Link header`;
    throw new LogctlError("invalid_parameter", message, { field: "cursor" });
  }
  if (sort === "timestamp") return { ms: Number(match[1]), nanos: Number(match[2]), id: Number(match[3]) };
  return { id: Number(match[1]), ms: 0, nanos: 0 };
}
