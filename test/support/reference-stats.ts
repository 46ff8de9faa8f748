import { SEVERITIES } from "../../src/schema/severity.ts";
import type { StatsField, StatsPlan } from "../../src/store/stats-plan.ts";
import type { KnownRecord } from "./random-records.ts";
import { matching } from "./reference-search.ts";

type StatsAnswer = { count: number; groups?: { count: number }[]; other?: number };

/** What `GET /logs/stats` says, over an array: every record's values side by side, every number of a group in one sorted list. */
export function statsByHand(records: readonly KnownRecord[], plan: StatsPlan): StatsAnswer {
  const { by, interval, of, distinct, top } = plan;
  const found = matching(records, plan.filter);
  if (by.length === 0 && !interval && of === undefined && !distinct) return { count: found.length };
  const members = Map.groupBy(found, (record) =>
    JSON.stringify([startOf(record, interval), by.map((field) => fieldOf(record, field))]),
  );
  const series = Map.groupBy(found, (record) => JSON.stringify(by.map((field) => fieldOf(record, field))));
  const largest = [...series].sort(largestFirst).slice(0, top ?? Number.POSITIVE_INFINITY);
  const kept = new Set(largest.map(([key]) => key));
  const groups = [...members]
    .map(([key, inside]) => ({ key: JSON.parse(key) as [number | null, unknown[]], inside }))
    .filter(({ key: [, values] }) => kept.has(JSON.stringify(values)))
    .sort(
      ({ key: [timeA, a], inside: inA }, { key: [timeB, b], inside: inB }) =>
        (timeA ?? 0) - (timeB ?? 0) || largestFirst([JSON.stringify(a), inA], [JSON.stringify(b), inB]),
    )
    .map(({ key: [time, values], inside }) => ({
      ...(time !== null && { time: new Date(time).toISOString().replace(".000Z", "Z") }),
      ...Object.fromEntries(by.map(({ name }, at) => [name, values[at]])),
      count: inside.length,
      ...(of !== undefined && numbersOf(inside.map((record) => fieldOf(record, { kind: "attribute", name: of, path: of })))),
      ...(distinct && { distinct: differentOf(inside.map((record) => fieldOf(record, distinct))), distinct_error: 0 }),
    }));
  const counted = groups.reduce((sum, { count }) => sum + count, 0);
  return { count: found.length, groups, ...(top !== undefined && { other: found.length - counted }) };
}

/** Ties by the values: numbers by size, all else by its JSON. */
function largestFirst([keyA, a]: [string, unknown[]], [keyB, b]: [string, unknown[]]): number {
  if (a.length !== b.length) return b.length - a.length;
  const [left, right] = [JSON.parse(keyA), JSON.parse(keyB)] as [unknown[], unknown[]];
  const at = left.findIndex((value, index) => JSON.stringify(value) !== JSON.stringify(right[index]));
  if (at < 0) return 0;
  const [one, other] = [left[at], right[at]];
  if (typeof one === "number" && typeof other === "number") return one - other;
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

function startOf(record: KnownRecord, interval: StatsPlan["interval"]): number | null {
  if (interval === undefined) return null;
  const ms = interval.clock === "received" ? record.receivedMs : record.ms;
  return ms - (((ms % interval.ms) + interval.ms) % interval.ms);
}

/** Null where there is none. */
function fieldOf(record: KnownRecord, field: StatsField): unknown {
  if (field.kind === "service") return record.service;
  if (field.kind === "severity") return SEVERITIES[record.severity];
  return record.attributes === ""
    ? null
    : JSON.parse(JSON.stringify(lookUp(JSON.parse(record.attributes), field.path.split(".")) ?? null));
}

/** Names may have dots: the longest first name that leads somewhere. */
function lookUp(object: unknown, names: string[]): unknown {
  if (names.length === 0) return object;
  if (typeof object !== "object" || object === null) return undefined;
  for (let length = 1; length <= names.length; length += 1) {
    const name = names.slice(0, length).join(".");
    const value = Object.hasOwn(object, name)
      ? lookUp((object as Record<string, unknown>)[name], names.slice(length))
      : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

function numbersOf(values: unknown[]) {
  const numbers = values
    .map(measured)
    .filter((value) => typeof value === "number")
    .sort((a, b) => a - b);
  const sum = numbers.reduce((total, value) => total + value, 0);
  const some = numbers.length > 0;
  const rank = (percent: number) => (some ? numbers[Math.ceil((percent * numbers.length) / 100) - 1] : null);
  return {
    values: numbers.length,
    sum: sum,
    min: numbers[0] ?? null,
    max: numbers.at(-1) ?? null,
    avg: some ? sum / numbers.length : null,
    p50: rank(50),
    p90: rank(90),
    p95: rank(95),
    p99: rank(99),
    percentile_error: 0,
  };
}

function differentOf(values: unknown[]): number {
  return new Set(values.filter((value) => value !== null).map((value) => JSON.stringify(value))).size;
}

/** A number beyond 2^53 is kept as text. */
function measured(value: unknown): unknown {
  const isLarge = typeof value === "string" && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) && Math.abs(Number(value)) >= 2 ** 53;
  return isLarge && Number.isFinite(Number(value)) ? Number(value) : value;
}
