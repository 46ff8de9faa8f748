import { ALL_SEVERITIES, type Filter } from "../../src/query/filter.ts";
import type { Random } from "../../src/simulate/random.ts";
import { randomQuery } from "./random-queries.ts";
import { type KnownRecord, randomBound, SERVICES } from "./random-records.ts";

/** A filter with any of its conditions, near to what is `known`, so that bounds and words are hit exactly, and just missed. */
export function randomFilter(random: Random, known: readonly KnownRecord[]): Filter {
  return {
    ...(random.next() < 0.25 && { timestampStart: randomBound(random, known, "ms") }),
    ...(random.next() < 0.25 && { timestampEnd: randomBound(random, known, "ms") }),
    ...(random.next() < 0.15 && { receivedStart: randomBound(random, known, "receivedMs") }),
    ...(random.next() < 0.15 && { receivedEnd: randomBound(random, known, "receivedMs") }),
    services: random.next() < 0.3 ? [random.pick(SERVICES), random.pick([...SERVICES, "nobody"])] : [],
    severityMask: random.next() < 0.3 ? random.between(0, ALL_SEVERITIES) : ALL_SEVERITIES,
    ...(random.next() < 0.7 && { query: randomQuery(random, known) }),
  };
}
