import { expect, test } from "bun:test";
import { runSoak } from "../support/soak.ts";

test("a minute of everything at once: the accounts of records, receipts, bytes, memory and descriptors balance", async () => {
  const report = await runSoak({ minutes: 1 });
  console.log(JSON.stringify(report));
  expect(report.faults).toEqual([]);
  expect(report.restarts).toBeGreaterThan(2);
}, 180_000);
