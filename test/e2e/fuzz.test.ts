import { expect, test } from "bun:test";
import { runFuzz } from "../support/fuzz-load.ts";

const REQUESTS = 4000;
/** What the collector's memory may grow by from the first quarter of the requests to the last, once it has rested after each. */
const MAX_GROWTH_MB = 100;
/** What it may have under way, of which bodies that unpack to more than may be are most. */
const MAX_PEAK_MB = 800;

test("no request makes the collector fail, and what it accepts can be read back as it was sent", async () => {
  const report = await runFuzz({ requests: REQUESTS, seed: 20_261_124, restMs: 1000 });
  console.log(`fuzz: ${JSON.stringify(report)}`);
  expect(report.failures).toEqual([]);
  expect(report.stored).toBe(report.accepted);
  expect(report.known).toBeGreaterThan(REQUESTS / 2);
  expect([report.wrong, report.errors, report.exitCode]).toEqual([0, 0, 0]);
  const [first = Number.NaN, , , last = Number.NaN] = report.restMB;
  expect(last - first).toBeLessThan(MAX_GROWTH_MB);
  expect(report.peakMB).toBeLessThan(MAX_PEAK_MB);
}, 120_000);
