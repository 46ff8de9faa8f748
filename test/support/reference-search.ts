import type { Filter } from "../../src/query/filter.ts";
import type { Position, SearchPlan } from "../../src/store/search-plan.ts";
import type { KnownRecord } from "./random-records.ts";
import { judgeByHand } from "./reference-query.ts";

export type ReferencePlan = Omit<SearchPlan, "format">;

/**
 * Search as the README words it, over an array, one record after another: what the store must agree with.
 */
export function searchByHand(records: readonly KnownRecord[], plan: ReferencePlan): number[] {
  const { filter, sort, order, after, offset, limit } = plan;
  const sign = order === "desc" ? -1 : 1;
  const compare = (a: Position, b: Position) =>
    sign * ((sort === "timestamp" ? a.ms - b.ms || a.nanos - b.nanos : 0) || a.id - b.id);
  return matching(records, filter)
    .filter((record) => after === undefined || compare(record, after) > 0)
    .toSorted(compare)
    .slice(offset, offset + limit)
    .map(({ id }) => id);
}

export function countByHand(records: readonly KnownRecord[], filter: Filter): number {
  return matching(records, filter).length;
}

/** The records for which every condition of the filter holds, in the order of arrival. */
export function matching(records: readonly KnownRecord[], filter: Filter): KnownRecord[] {
  const { services, severityMask, query } = filter;
  const isWanted = query === undefined ? () => true : judgeByHand(query);
  const nanosOf = (ms: number, nanos: number) => BigInt(ms) * 1_000_000n + BigInt(nanos);
  const bound = (time: Filter["timestampStart"]) => time && nanosOf(time.ms, time.nanos);
  const [start, end, receivedStart, receivedEnd] = [
    bound(filter.timestampStart),
    bound(filter.timestampEnd),
    bound(filter.receivedStart),
    bound(filter.receivedEnd),
  ];
  const timed = [start, end, receivedStart, receivedEnd].some((time) => time !== undefined);
  return records.filter((record) => {
    if (services.length > 0 && !services.includes(record.service)) return false;
    if ((severityMask & (1 << record.severity)) === 0) return false;
    if (timed) {
      const time = nanosOf(record.ms, record.nanos);
      const received = nanosOf(record.receivedMs, 0);
      if (start !== undefined && time < start) return false;
      if (end !== undefined && time > end) return false;
      if (receivedStart !== undefined && received < receivedStart) return false;
      if (receivedEnd !== undefined && received > receivedEnd) return false;
    }
    return isWanted(record);
  });
}
