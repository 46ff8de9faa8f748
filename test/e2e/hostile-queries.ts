import { EVIL_PATTERNS, GLOBS, LONG_QUERIES, measureBesideQuery, startLoaded } from "../support/hostile-queries.ts";

/**
 * `bun test/e2e/hostile-queries.ts [records] [binary]`: asks queries that cost the collector much, each for 20 s at most, and
 * says how long others waited meanwhile, in ms. Not part of the test run.
 */
const [records = "300000", binary] = Bun.argv.slice(2);

function print(...[name, ...figures]: (string | number)[]): void {
  console.log(String(name).padEnd(40), ...figures.map((figure) => String(figure).padStart(12)));
}

await using collector = await startLoaded(Number(records), binary);
await Bun.sleep(5000);
for (const [kind, queries] of Object.entries({ patterns: EVIL_PATTERNS, globs: GLOBS, queries: LONG_QUERIES })) {
  print(kind, "status", "ms", "peak MB", "health", "limit=1");
  for (const query of queries) {
    const { status, ms, peakMb, healthMs, readMs } = await measureBesideQuery(collector, query);
    print(query.name, status, ms, peakMb, healthMs, readMs);
  }
}
