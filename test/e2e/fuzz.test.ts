import { expect, test } from "bun:test";
import { runFuzz } from "../support/fuzz-load.ts";

const REQUESTS = 4000;
/** What memory may grow by between the second and the last quarter of the requests. */
const MAX_GROWTH_MB = 150;

test("no request makes the collector fail, and what it accepts can be read back as it was sent", async () => {
  const report = await runFuzz({ requests: REQUESTS, seed: 20_261_124 });
  console.log(`fuzz: ${JSON.stringify(report)}`);
  expect(report.failures).toEqual([]);
  expect(report.stored).toBe(report.accepted);
  expect(report.known).toBeGreaterThan(REQUESTS / 2);
  expect([report.wrong, report.errors, report.exitCode]).toEqual([0, 0, 0]);
  expect(report.lateMB - report.earlyMB).toBeLessThan(MAX_GROWTH_MB);
}, 120_000);
