import { measureBesideGreedy } from "../support/greedy-load.ts";

/** `bun run fairness`: not part of the test run. Takes the seconds of each measure, if others than these. */
const [seconds = "20"] = Bun.argv.slice(2);
for (const [connections, recordsARequest] of [
  [8, 1000],
  [64, 1000],
  [64, 1],
  [400, 1],
  [8, 20_000],
] as const) {
  const load = { connections, recordsARequest, seconds: Number(seconds) };
  console.log(JSON.stringify({ load, report: await measureBesideGreedy(load) }));
}
