import { HOSTILE_BODIES, MORE_HOSTILE_BODIES } from "../support/hostile-bodies.ts";
import { measureBesideBody } from "../support/hostile-load.ts";

/**
 * `bun test/e2e/hostile-bodies.ts [name] [binary]`: sends bodies that cost the collector much, those whose names hold `name`,
 * and says how long others waited meanwhile, in ms. Not part of the test run.
 */
const [wanted = "", binary] = Bun.argv.slice(2);

function print(...[name, ...figures]: (string | number)[]): void {
  console.log(String(name).padEnd(42), ...figures.map((figure) => String(figure).padStart(7)));
}

print("body", "status", "ms", "peak MB", "health", "write", "read", "refused");
for (const hostile of [...HOSTILE_BODIES, ...MORE_HOSTILE_BODIES].filter(({ name }) => name.includes(wanted))) {
  const { status, ms, peakMb, healthMs, writeMs, readMs, refused } = await measureBesideBody(hostile, binary);
  print(hostile.name, status, ms, peakMb, healthMs, writeMs, readMs, refused);
}
