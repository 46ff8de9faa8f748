import { expect, test } from "bun:test";
import { measureBesideGreedy } from "../support/greedy-load.ts";

/** Of the median: the slowest of few requests says more of the machine that the tests run on than of the collector. */
const MAX_MEDIAN_MS = 50;

test("one token that writes as fast as it is let does not hold up another", async () => {
  const report = await measureBesideGreedy({ connections: 64, recordsARequest: 1000, seconds: 5 });
  console.log(`beside a greedy token: ${JSON.stringify(report)}`);
  expect(report.requests).toBe(50);
  expect(report.greedyRecords).toBeGreaterThan(10_000);
  expect(report.p50).toBeLessThan(MAX_MEDIAN_MS);
}, 60_000);
