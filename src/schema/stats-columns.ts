import type { GroupsAnswer } from "./api.ts";
import { writeCsvLine } from "./csv.ts";

/** The percentiles that are given of an attribute's numbers. */
export const STATS_PERCENTILES = [50, 90, 95, 99] as const;

/** What the answer calls what it says of a group, beside the fields that make it. */
export const STATS_COLUMNS = {
  time: ["time"],
  count: ["count"],
  of: ["values", "sum", "min", "max", "avg", ...STATS_PERCENTILES.map((percent) => `p${percent}`), "percentile_error"],
  distinct: ["distinct", "distinct_error"],
} as const;

/** What was asked for, as far as columns depend on it. */
export type StatsShape = { by: readonly string[]; interval: boolean; of: boolean; distinct: boolean };

/** In place of the values of a group, in the line for all groups that `top` left out. */
export const OTHER_GROUPS = "(other)";

/** The names in each group of an answer, in order. */
export function statsColumns({ by, interval, of, distinct }: StatsShape): string[] {
  const { time, count, of: numbers, distinct: different } = STATS_COLUMNS;
  return [...(interval ? time : []), ...by, ...count, ...(of ? numbers : []), ...(distinct ? different : [])];
}

/** The groups as rows of cells, and a last one for those that `top` left out, where it left any. */
export function statsCells(columns: readonly string[], { groups, other = 0 }: GroupsAnswer): string[][] {
  const rows = groups.map((group) => columns.map((column) => cellOf(Object.hasOwn(group, column) ? group[column] : null)));
  const at = columns.indexOf("count");
  if (other > 0) {
    const last = columns.map((column, index) =>
      index < at && column !== "time" ? OTHER_GROUPS : index === at ? String(other) : "",
    );
    rows.push(last);
  }
  return rows;
}

/** A header, then the rows of `statsCells`, as RFC 4180 has them. */
export function writeStatsCsv(columns: readonly string[], answer: GroupsAnswer): string {
  return [columns, ...statsCells(columns, answer)].map(writeCsvLine).join("");
}

/** Text as it is, null as nothing, all else as JSON. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
