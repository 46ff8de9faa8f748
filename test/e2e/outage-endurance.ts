import { killWhileDraining, pipeThroughOutage, simulateThroughOutage } from "../support/outages.ts";

/** `bun run outages 60`: the collector is away for so many seconds, and a sender is killed twenty times. Not part of the test run. */
const awayMs = Number(Bun.argv[2] ?? 60) * 1000;
console.log("simulate --rate 2000:", JSON.stringify(await simulateThroughOutage(awayMs, 2000)));
console.log("seq | send:", JSON.stringify(await pipeThroughOutage(awayMs)));
console.log("killed while draining:", JSON.stringify(await killWhileDraining(1_000_000, 20)));
