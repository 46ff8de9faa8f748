import { ALL_SEVERITIES, type Filter } from "../schema/filter.ts";
import type { Timestamp } from "../schema/timestamp.ts";
import type { BlockMeta } from "./block.ts";
import type { BlockReader } from "./block-reader.ts";
import { bloomMayHold } from "./bloom.ts";
import { findTerm, mayHoldTerm } from "./dense-term.ts";
import { compileTerm, markAttributes, markMessages, type Term } from "./text-match.ts";
import { foldCase } from "./words.ts";

/** A filter made ready to be held against blocks. */
export type Matcher = {
  filter: Filter;
  terms: Term[];
  services: Set<string>;
  /** The last record that is looked at; what came later does not match. */
  lastId: number;
};

export function compileFilter(filter: Filter, lastId = Number.POSITIVE_INFINITY): Matcher {
  // An empty term would be found everywhere.
  const terms = filter.terms.filter((term) => term !== "").map(compileTerm);
  return { filter, terms, services: new Set(filter.services), lastId };
}

/** The conditions under which SQLite itself leaves a block out. */
export function pruningConditions({ filter, lastId }: Matcher): { where: string[]; parameters: number[] } {
  const where: string[] = [];
  const parameters: number[] = [];
  const bound = (condition: string, value: number | undefined) => {
    if (value === undefined) return;
    where.push(condition);
    parameters.push(value);
  };
  bound("timestamp_max >= ?", filter.timestampStart?.ms);
  bound("timestamp_min <= ?", filter.timestampEnd?.ms);
  bound("received_max >= ?", filter.receivedStart?.ms);
  bound("received_min <= ?", filter.receivedEnd?.ms);
  if (lastId < Number.POSITIVE_INFINITY) bound("first_id <= ?", lastId);
  if (filter.severityMask !== ALL_SEVERITIES) bound("severity_mask & ? <> 0", filter.severityMask);
  return { where, parameters };
}

/** False: no row of the block can match, as its services tell. */
export function mayMatch(matcher: Matcher, { meta }: BlockReader): boolean {
  return matcher.services.size === 0 || meta.services.some((name) => matcher.services.has(name));
}

/** False: no row of the page can match, as its Bloom filter tells. */
function pageMayMatch({ terms }: Matcher, block: BlockReader, page: number): boolean {
  const { dense } = block;
  if (dense !== undefined) return terms.every((term) => mayHoldTerm(term, dense));
  const bloom = terms.length === 0 ? undefined : block.bloom(page);
  return bloom === undefined || terms.every(({ hashes }) => hashes.every((hash) => bloomMayHold(bloom, hash)));
}

/** Every row of the block matches, as its description alone tells. */
export function matchesWhole(matcher: Matcher, meta: BlockMeta): boolean {
  const { filter } = matcher;
  return (
    matcher.terms.length === 0 &&
    meta.lastId <= matcher.lastId &&
    timesWithin(meta.timestampMin, meta.timestampMax, filter.timestampStart, filter.timestampEnd) &&
    timesWithin(meta.receivedMin, meta.receivedMax, filter.receivedStart, filter.receivedEnd) &&
    (meta.severityMask & ~filter.severityMask) === 0 &&
    servicesWithin(matcher, meta)
  );
}

function timesWithin(min: number, max: number, start: Timestamp | undefined, end: Timestamp | undefined): boolean {
  return (start === undefined || min > start.ms) && (end === undefined || max < end.ms);
}

function servicesWithin(matcher: Matcher, meta: BlockMeta): boolean {
  return matcher.services.size === 0 || meta.services.every((name) => matcher.services.has(name));
}

/** For each row of the page 1 where it matches, else 0; undefined where none does. */
export function matchPage(matcher: Matcher, block: BlockReader, page: number): Uint8Array | undefined {
  if (!pageMayMatch(matcher, block, page)) return undefined;
  const { from, to } = block.pageRange(page);
  const alive = new Uint8Array(to - from).fill(1);
  matchColumns(matcher, block, page, alive);
  if (matcher.terms.length > 0 && alive.includes(1)) matchTerms(matcher.terms, block, page, alive);
  return alive.includes(1) ? alive : undefined;
}

function matchColumns(matcher: Matcher, block: BlockReader, page: number, alive: Uint8Array): void {
  const { filter } = matcher;
  const { meta } = block;
  if (meta.lastId > matcher.lastId) alive.fill(0, Math.max(0, matcher.lastId + 1 - meta.firstId - block.pageRange(page).from));
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
  if (!servicesWithin(matcher, meta)) {
    const wanted = Uint8Array.from(meta.services, (name) => (matcher.services.has(name) ? 1 : 0));
    const service = block.columnOfPage("service", page);
    for (let row = 0; row < alive.length; row += 1) if (wanted[service[row] as number] === 0) alive[row] = 0;
  }
}

function keepTimes(
  ms: Float64Array,
  nanos: Float64Array | undefined,
  start: Timestamp | undefined,
  end: Timestamp | undefined,
  alive: Uint8Array,
): void {
  for (let row = 0; row < alive.length; row += 1) {
    const time = ms[row] as number;
    const rest = nanos === undefined ? 0 : (nanos[row] as number);
    if (start !== undefined && (time < start.ms || (time === start.ms && rest < start.nanos))) alive[row] = 0;
    else if (end !== undefined && (time > end.ms || (time === end.ms && rest > end.nanos))) alive[row] = 0;
  }
}

function matchTerms(terms: Term[], block: BlockReader, page: number, alive: Uint8Array): void {
  const { dense } = block;
  if (dense !== undefined) {
    const { from } = block.pageRange(page);
    for (const term of terms) {
      const hits = dense.hits(term, (found) => findTerm(term, dense, found));
      for (let row = 0; row < alive.length; row += 1) alive[row] = (alive[row] as number) & (hits[from + row] as number);
    }
    return;
  }
  const messages = block.messages(page);
  const attributes = block.attributes(page);
  const foldedMessages = foldCase(messages.text);
  const foldedAttributes = foldCase(attributes.text);
  const hits = new Uint8Array(alive.length);
  for (const term of terms) {
    hits.fill(0);
    markMessages(term, foldedMessages, messages, hits);
    markAttributes(term, foldedAttributes, attributes, hits);
    for (let row = 0; row < alive.length; row += 1) alive[row] = (alive[row] as number) & (hits[row] as number);
  }
}
