import type { GroupsAnswer } from "../../../schema/api.ts";
import { STATS_PERCENTILES, statsColumns, writeStatsCsv } from "../../../schema/stats-columns.ts";
import { hasGroups, type StatsPlan } from "../../stats-plan.ts";
import { createDistinctValues, estimateDistinct } from "./distinct-values.ts";
import type { Group } from "./group-table.ts";
import { createNumberSummary, percentilesOf, ROUNDING_ERROR } from "./number-summary.ts";

/** A group with its values, and the start of its interval, where there is one. Groups of the same `series` differ in that only. */
type Entry = { start: number; values: unknown[]; series: string; group: Group };

/** The answer of `GET /logs/stats`: the largest groups first, or by time where there is an interval; those beyond `top` are one number. */
export function writeStatsAnswer(plan: StatsPlan, total: number, groups: ReadonlyMap<string, Group>): string {
  const { top, interval } = plan;
  if (!hasGroups(plan)) return plan.format === "csv" ? `count\r\n${total}\r\n` : `${JSON.stringify({ count: total })}\n`;
  const entries = Array.from(groups, ([key, group]): Entry => {
    const values = JSON.parse(key) as unknown[];
    if (interval === undefined) return { start: 0, values, series: key, group };
    const [start, ...rest] = values;
    return { start: start as number, values: rest, series: JSON.stringify(rest), group };
  });
  const kept = top === undefined ? entries : keepLargest(entries, top);
  kept.sort(interval === undefined ? byCount : byTime);
  const answer: GroupsAnswer = { count: total, groups: kept.map((entry) => describe(plan, entry)) };
  if (top !== undefined) answer.other = total - kept.reduce((sum, { group }) => sum + group.count, 0);
  return plan.format === "csv" ? writeStatsCsv(columnsOf(plan), answer) : `${JSON.stringify(answer)}\n`;
}

/** The entries of the `top` series with the most records. */
function keepLargest(entries: Entry[], top: number): Entry[] {
  const series = new Map<string, Entry>();
  for (const entry of entries) {
    const known = series.get(entry.series);
    if (known === undefined) series.set(entry.series, { ...entry, group: { ...entry.group } });
    else known.group.count += entry.group.count;
  }
  const largest = new Set(
    [...series.values()]
      .sort(byCount)
      .slice(0, top)
      .map(({ series: name }) => name),
  );
  return entries.filter(({ series: name }) => largest.has(name));
}

function byCount(a: Entry, b: Entry): number {
  return b.group.count - a.group.count || compareValues(a.values, b.values);
}

function byTime(a: Entry, b: Entry): number {
  return a.start - b.start || byCount(a, b);
}

/** Numbers by size, all else by its JSON text: some order that is the same every time. */
function compareValues(a: unknown[], b: unknown[]): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (left === right) continue;
    if (typeof left === "number" && typeof right === "number") return left - right;
    const [leftText, rightText] = [JSON.stringify(left), JSON.stringify(right)];
    if (leftText !== rightText) return leftText < rightText ? -1 : 1;
  }
  return 0;
}

function columnsOf({ by, interval, of, distinct }: StatsPlan): string[] {
  const names = by.map(({ name }) => name);
  return statsColumns({ by: names, interval: interval !== undefined, of: of !== undefined, distinct: distinct !== undefined });
}

/** A group as the answer has it. Not by assignment: a field may be called `__proto__`. */
function describe({ by, interval, of, distinct }: StatsPlan, { start, values, group }: Entry): Record<string, unknown> {
  const fields: [string, unknown][] = [];
  if (interval !== undefined) fields.push(["time", new Date(start).toISOString().replace(".000Z", "Z")]);
  for (const [at, { name }] of by.entries()) fields.push([name, values[at]]);
  fields.push(["count", group.count]);
  if (of !== undefined) fields.push(...describeNumbers(group));
  if (distinct !== undefined) {
    const estimate = estimateDistinct(group.distinct ?? createDistinctValues());
    // An estimate may be larger than what there was.
    fields.push(["distinct", Math.min(estimate.distinct, group.count)], ["distinct_error", estimate.error]);
  }
  return Object.fromEntries(fields);
}

function describeNumbers({ numbers }: Group): [string, unknown][] {
  const summary = numbers ?? createNumberSummary();
  const { count, sum, min, max, rounded } = summary;
  const shares = STATS_PERCENTILES.map((percent) => percent / 100);
  const found = count === 0 ? shares.map(() => null) : percentilesOf(summary, shares);
  const orNull = (value: number) => (Number.isFinite(value) ? value : null);
  return [
    ["values", count],
    ["sum", orNull(sum)],
    ["min", orNull(min)],
    ["max", orNull(max)],
    ["avg", orNull(sum / count)],
    ...STATS_PERCENTILES.map((percent, at): [string, unknown] => [`p${percent}`, found[at]]),
    ["percentile_error", rounded ? ROUNDING_ERROR : 0],
  ];
}
