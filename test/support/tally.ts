import type { Database } from "bun:sqlite";
import type { Filter } from "../../src/query/filter.ts";
import { listRanges } from "../../src/store/blocks/scan/record-ranges.ts";
import { ALL_RECORDS } from "../../src/store/blocks/search/record-range.ts";
import { walkRange } from "../../src/store/blocks/search/walk-range.ts";
import { createTally } from "../../src/store/blocks/tally/create-tally.ts";
import type { NoteDamage } from "../../src/store/damage.ts";
import type { TallyPlan } from "../../src/store/stats-plan.ts";
import { noDamage } from "./no-damage.ts";

/**
 * Works out a plan in one thread as several would, each with a share of the ranges, and yields wherever a thread may be met by
 * changes. Gives the answer's text.
 */
export function* tallyStepwise(
  database: Database,
  plan: TallyPlan,
  threads = 2,
  note: NoteDamage = noDamage,
): Generator<undefined, string> {
  const tallies = Array.from({ length: threads }, () => createTally(plan));
  const ranges = listRanges(database, plan.filter, threads * 4, ALL_RECORDS, 1);
  for (const [index, range] of ranges.entries()) {
    yield undefined;
    yield* walkRange(database, plan.filter, range, (tallies[index % threads] as (typeof tallies)[number]).visitor, note);
  }
  const [first, ...others] = tallies as [(typeof tallies)[number], ...typeof tallies];
  for (const other of others) first.absorb(other.encode());
  return first.answer();
}

/** The same for a plain count. */
export function* countStepwise(database: Database, filter: Filter, note: NoteDamage = noDamage): Generator<undefined, number> {
  return JSON.parse(yield* tallyStepwise(database, { kind: "stats", filter, by: [], format: "json" }, 2, note)).count;
}
