import { startLoaded } from "../support/hostile-queries.ts";
import { measureBesideTails } from "../support/many-tails.ts";

/**
 * `bun test/e2e/many-tails.ts [records] [binary]`: how long a write of 100 records, `/logs?limit=1` and `/health` take beside tails with a
 * filter each, in ms (median and most), and what the collector needs meanwhile. Not part of the test run.
 */
const [records = "300000", binary] = Bun.argv.slice(2);

await using collector = await startLoaded(Number(records), binary);
await Bun.sleep(3000);
for (const [tails, isReplay] of [
  [0, false],
  [100, false],
  [1000, false],
  [1000, true],
] as const) {
  console.log(JSON.stringify(await measureBesideTails(collector, { tails, isReplay })));
}
