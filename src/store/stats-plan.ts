import type { Filter } from "../query/filter.ts";

/** What records are grouped by, or whose different values are counted; `name` is what the answer calls it. */
export type StatsField =
  | { kind: "service"; name: string }
  | { kind: "severity"; name: string }
  /** `path`: as `readAttributeColumn` takes it. */
  | { kind: "attribute"; name: string; path: string };

/** What of the matching records is counted, and how it is answered. */
export type StatsPlan = {
  kind: "stats";
  filter: Filter;
  /** No fields, and nothing else that makes groups: only the number of records. */
  by: StatsField[];
  /** Groups are also cut by time, at multiples of `ms` since the epoch. */
  interval?: { ms: number; clock: "timestamp" | "received" };
  /** The path of an attribute whose numbers are summed up in each group. */
  of?: string;
  /** In each group it is counted how many different values of this there are. */
  distinct?: StatsField;
  /** So many of the groups at most; with an interval, of the groups over all times. */
  top?: number;
  format: "json" | "csv";
  /** Whose share it takes of what may be counted at one time: the number of a token. */
  reader?: number;
};

/** Which attributes the matching records have. */
export type FieldsPlan = { kind: "fields"; filter: Filter; reader?: number };

/** What can be worked out a range of records at a time, by several threads. */
export type TallyPlan = StatsPlan | FieldsPlan;

/** Whether there are groups to be told apart, or just one number. */
export function hasGroups({ by, interval, of, distinct }: StatsPlan): boolean {
  return by.length > 0 || interval !== undefined || of !== undefined || distinct !== undefined;
}
