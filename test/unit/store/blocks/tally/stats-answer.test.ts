import { expect, test } from "bun:test";
import { NO_FILTER } from "../../../../../src/query/filter.ts";
import { writeStatsAnswer } from "../../../../../src/store/blocks/tally/stats-answer.ts";
import type { StatsField } from "../../../../../src/store/stats-plan.ts";

const USER: StatsField = { kind: "attribute", name: "user", path: "user" };

test("an estimate of different values is no larger than the number of records", () => {
  const estimated = { hashes: new Set([0, 8]), zeroBits: 3 };
  const groups = new Map([
    ['["few"]', { count: 3, distinct: estimated }],
    ['["many"]', { count: 40, distinct: estimated }],
  ]);
  const plan = { kind: "stats", filter: NO_FILTER, by: [USER], distinct: USER, format: "json" } as const;
  const answer = JSON.parse(writeStatsAnswer({ ...plan, by: [...plan.by] }, 43, groups as never));
  expect(answer.groups.map(({ user, distinct }: { user: string; distinct: number }) => [user, distinct])).toEqual([
    ["many", 16],
    ["few", 3],
  ]);
});
