import type { Filter } from "../../src/schema/filter.ts";
import type { Position, SearchPlan } from "../../src/store/search-plan.ts";
import type { KnownRecord } from "./random-records.ts";

export type ReferencePlan = Omit<SearchPlan, "format">;

/**
 * Search as the README words it, over an array, one record after another: what the store must agree with. It cuts texts
 * into tokens and compares these, whereas the store looks for characters and then at what stands around them.
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
  const { services, severityMask } = filter;
  const terms = filter.terms.filter((term) => term !== "").map(tokensOf);
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
    return terms.every((term) => textsOf(record).some((text) => text.includes(term)));
  });
}

/** The tokens of a record's texts, each text on its own, made once. */
const textsOfRecords = new WeakMap<KnownRecord, string[]>();

function textsOf(record: KnownRecord): string[] {
  let texts = textsOfRecords.get(record);
  if (texts === undefined) {
    texts = [record.message, ...record.values].map(tokensOf);
    textsOfRecords.set(record, texts);
  }
  return texts;
}

/** A run of letters, marks, digits and underscores; scripts written without spaces, and what lies beyond the basic plane, have none. */
const TOKEN =
  /[[\p{L}\p{M}\p{N}_]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]--[\u{10000}-\u{10FFFF}]]+|./gsv;
/** Stands around each token; occurs in no text. */
const MARK = "\ue000";

/** Words in lower case, and every other character as it is: a term occurs where its tokens follow one another. */
function tokensOf(text: string): string {
  const tokens = text.toLowerCase().replaceAll("ς", "σ").match(TOKEN) ?? [];
  return `${MARK}${tokens.join(MARK)}${MARK}`;
}
