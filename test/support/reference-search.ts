import type { SearchPlan } from "../../src/store/search-plan.ts";
import type { KnownRecord } from "./random-records.ts";

/** Search as the README words it, over an array, one record after another: what the store must agree with. */
export function searchByHand(records: readonly KnownRecord[], plan: Omit<SearchPlan, "format">): number[] {
  const { filter, sort, order, after, offset, limit } = plan;
  const sign = order === "desc" ? -1 : 1;
  const compare = (a: { id: number; ms: number; nanos: number }, b: { id: number; ms: number; nanos: number }) =>
    sign * ((sort === "timestamp" ? a.ms - b.ms || a.nanos - b.nanos : 0) || a.id - b.id);
  return records
    .filter(({ ms, nanos, severity, service, message, attributes }) => {
      const { timestampStart: start, timestampEnd: end } = filter;
      if (start !== undefined && (ms < start.ms || (ms === start.ms && nanos < start.nanos))) return false;
      if (end !== undefined && (ms > end.ms || (ms === end.ms && nanos > end.nanos))) return false;
      if (filter.services.length > 0 && !filter.services.includes(service)) return false;
      if ((filter.severityMask & (1 << severity)) === 0) return false;
      const texts = [message, ...valuesOf(attributes)];
      return filter.terms.every((term) => texts.some((text) => occurs(term, text)));
    })
    .filter((record) => after === undefined || compare(record, after) > 0)
    .toSorted(compare)
    .slice(offset, limit === Number.POSITIVE_INFINITY ? undefined : offset + limit)
    .map(({ id }) => id);
}

function valuesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [String(value)];
  return Object.values(value).flatMap(valuesOf);
}

const fold = (text: string) => text.toLowerCase().replaceAll("ς", "σ");
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const isWord = (character: string | undefined) =>
  character !== undefined && /[\p{L}\p{N}\p{M}_]/u.test(character) && !SPACELESS.test(character);

/** Whether the term occurs, in any case, and does not begin or end within a longer word. */
function occurs(term: string, text: string): boolean {
  const needle = fold(term);
  const hay = fold(text);
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + 1)) {
    const cutsStart = isWord(needle[0]) && isWord(hay[at - 1]);
    const cutsEnd = isWord(needle.at(-1)) && isWord(hay[at + needle.length]);
    if (!cutsStart && !cutsEnd) return true;
  }
  return false;
}
