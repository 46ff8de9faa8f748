import { runTailLoad } from "../support/tail-load.ts";

/** `bun run endurance`: not part of the test run. Takes seconds and records a second, if others than these. */
const [seconds = "60", recordsPerSecond = "50000"] = Bun.argv.slice(2);
const load = { recordsPerSecond: Number(recordsPerSecond), seconds: Number(seconds), collectorKills: 3, readerKills: 10 };
console.log(JSON.stringify({ load, report: await runTailLoad(load) }, null, 2));
