import { ALL_SEVERITIES, type Filter } from "../../../query/filter.ts";
import type { BlockMeta } from "../block/block.ts";
import type { BlockSelection } from "../block/block-catalog.ts";
import type { BlockReader } from "../block/block-reader.ts";
import { compileQuery } from "../compile/compile-query.ts";
import type { QueryNode } from "../compile/query-node.ts";
import { earlierOf, laterOf } from "../compile/time-bounds.ts";
import { keepTimes } from "./mark-column.ts";
import { markQuery, pageMayHold } from "./mark-query.ts";
import { timesWithin, verdictOf } from "./query-verdict.ts";

/** A filter made ready to be held against blocks. */
export type Matcher = {
  /** The filter as to times and severities, narrowed by what the query says of them for every record. */
  filter: Omit<Filter, "query">;
  /** Whether records of the service may match; undefined where all may. */
  acceptsService: ((name: string) => boolean) | undefined;
  /** The first and the last record that are looked at; others do not match. */
  firstId: number;
  lastId: number;
  /** What is left of the query. */
  query: QueryNode | undefined;
};

export function compileFilter({ query, ...filter }: Filter, lastId = Number.POSITIVE_INFINITY): Matcher {
  const names = new Set(filter.services);
  const matcher: Matcher = {
    filter,
    acceptsService: names.size === 0 ? undefined : (name) => names.has(name),
    firstId: 0,
    lastId,
    query: undefined,
  };
  if (query === undefined) return matcher;
  const node = compileQuery(query);
  const left: QueryNode[] = [];
  for (const part of node.type === "and" ? node.parts : [node]) if (!narrow(matcher, part)) left.push(part);
  if (left.length > 0) matcher.query = left.length === 1 ? left[0] : { type: "and", parts: left };
  return matcher;
}

/** Takes what a part of the query says of every record into the matcher, where blocks are left out by it; false where it cannot. */
function narrow(matcher: Matcher, part: QueryNode): boolean {
  const { filter } = matcher;
  switch (part.type) {
    case "all":
      return true;
    case "severity":
      matcher.filter = { ...filter, severityMask: filter.severityMask & part.mask };
      return true;
    case "service": {
      const { acceptsService } = matcher;
      matcher.acceptsService = acceptsService === undefined ? part.accepts : (name) => acceptsService(name) && part.accepts(name);
      return true;
    }
    case "id":
      matcher.firstId = Math.max(matcher.firstId, part.first);
      matcher.lastId = Math.min(matcher.lastId, part.last);
      return true;
    case "time": {
      const isReceived = part.field === "received_at";
      const start = laterOf(isReceived ? filter.receivedStart : filter.timestampStart, part.start);
      const end = earlierOf(isReceived ? filter.receivedEnd : filter.timestampEnd, part.end);
      matcher.filter = {
        ...filter,
        ...(start && (isReceived ? { receivedStart: start } : { timestampStart: start })),
        ...(end && (isReceived ? { receivedEnd: end } : { timestampEnd: end })),
      };
      return true;
    }
    default:
      return false;
  }
}

/** The blocks of which not all are left out by what is known of them. */
export function selectBlocks({ filter, firstId, lastId }: Matcher): BlockSelection {
  const { timestampStart, timestampEnd, receivedStart, receivedEnd, severityMask } = filter;
  return {
    ...(timestampStart && { timestampFrom: timestampStart.ms }),
    ...(timestampEnd && { timestampTo: timestampEnd.ms }),
    ...(receivedStart && { receivedFrom: receivedStart.ms }),
    ...(receivedEnd && { receivedTo: receivedEnd.ms }),
    ...(firstId > 0 && { fromId: firstId }),
    ...(lastId < Number.POSITIVE_INFINITY && { toId: lastId }),
    ...(severityMask !== ALL_SEVERITIES && { severityMask }),
  };
}

/** False: no row of the block can match, as its description tells, or the filters that a dense block has for all of its rows. */
export function mayMatch({ acceptsService, query }: Matcher, block: BlockReader): boolean {
  const { meta, dense } = block;
  if (acceptsService !== undefined && !meta.services.some(acceptsService)) return false;
  if (query === undefined) return true;
  return verdictOf(query, meta) !== "none" && (dense === undefined || pageMayHold(query, block, 0));
}

/** Every row of the block matches, as its description alone tells. */
export function matchesWhole({ filter, acceptsService, firstId, lastId, query }: Matcher, meta: BlockMeta): boolean {
  return (
    meta.firstId >= firstId &&
    meta.lastId <= lastId &&
    timesWithin(meta.timestampMin, meta.timestampMax, filter.timestampStart, filter.timestampEnd) &&
    timesWithin(meta.receivedMin, meta.receivedMax, filter.receivedStart, filter.receivedEnd) &&
    (meta.severityMask & ~filter.severityMask) === 0 &&
    (acceptsService === undefined || meta.services.every(acceptsService)) &&
    (query === undefined || verdictOf(query, meta) === "all")
  );
}

/** For each row of the page 1 where it matches, else 0; undefined where none does. */
export function matchPage(matcher: Matcher, block: BlockReader, page: number): Uint8Array | undefined {
  const { query } = matcher;
  if (query !== undefined && !pageMayHold(query, block, page)) return undefined;
  const { from, to } = block.pageRange(page);
  const alive = new Uint8Array(to - from).fill(1);
  matchColumns(matcher, block, page, alive);
  if (!alive.includes(1)) return undefined;
  if (query === undefined) return alive;
  const hits = new Uint8Array(alive.length);
  markQuery(query, block, page, hits, alive);
  if (!hits.includes(1)) return undefined;
  for (let row = 0; row < hits.length; row += 1) hits[row] = (hits[row] as number) & (alive[row] as number);
  return hits.includes(1) ? hits : undefined;
}

function matchColumns(
  { filter, acceptsService, firstId, lastId }: Matcher,
  block: BlockReader,
  page: number,
  alive: Uint8Array,
): void {
  const { meta } = block;
  const pageId = meta.firstId + block.pageRange(page).from;
  if (meta.firstId < firstId) alive.fill(0, 0, Math.max(0, firstId - pageId));
  if (meta.lastId > lastId) alive.fill(0, Math.max(0, lastId + 1 - pageId));
  if (!timesWithin(meta.timestampMin, meta.timestampMax, filter.timestampStart, filter.timestampEnd)) {
    keepTimes(
      block.columnOfPage("timestamp", page),
      block.columnOfPage("nanos", page),
      filter.timestampStart,
      filter.timestampEnd,
      alive,
    );
  }
  if (!timesWithin(meta.receivedMin, meta.receivedMax, filter.receivedStart, filter.receivedEnd)) {
    keepTimes(block.columnOfPage("received", page), undefined, filter.receivedStart, filter.receivedEnd, alive);
  }
  if ((meta.severityMask & ~filter.severityMask) !== 0) {
    const severity = block.columnOfPage("severity", page);
    for (let row = 0; row < alive.length; row += 1) {
      if (((filter.severityMask >> (severity[row] as number)) & 1) === 0) alive[row] = 0;
    }
  }
  if (acceptsService !== undefined && !meta.services.every(acceptsService)) {
    const wanted = Uint8Array.from(meta.services, (name) => (acceptsService(name) ? 1 : 0));
    const service = block.columnOfPage("service", page);
    for (let row = 0; row < alive.length; row += 1) if (wanted[service[row] as number] === 0) alive[row] = 0;
  }
}
