import type { Comparison } from "../../../query/query.ts";
import type { Timestamp } from "../../../schema/timestamp.ts";

const NANOS = 1_000_000;

/** The instants that compare so with `time`, as bounds that are included. */
export function timesOf(operator: Comparison, { ms, nanos }: Timestamp): { start?: Timestamp; end?: Timestamp } {
  switch (operator) {
    case "=":
      return { start: instant(ms, nanos), end: instant(ms, nanos) };
    case ">":
      return { start: instant(ms, nanos + 1) };
    case ">=":
      return { start: instant(ms, nanos) };
    case "<":
      return { end: instant(ms, nanos - 1) };
    case "<=":
      return { end: instant(ms, nanos) };
  }
}

function instant(ms: number, nanos: number): Timestamp {
  const carry = Math.floor(nanos / NANOS);
  return { ms: ms + carry, nanos: nanos - carry * NANOS, digits: 9 };
}

/** The later one; undefined is before all others. */
export function laterOf(a: Timestamp | undefined, b: Timestamp | undefined): Timestamp | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (a.ms - b.ms || a.nanos - b.nanos) > 0 ? a : b;
}

/** The earlier one; undefined is after all others. */
export function earlierOf(a: Timestamp | undefined, b: Timestamp | undefined): Timestamp | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return laterOf(a, b) === a ? b : a;
}
