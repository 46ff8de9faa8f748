import { runFuzz } from "../support/fuzz-load.ts";

const TOLD_EVERY = 10_000;
/** After ten seconds all threads have given back what they can. */
const REST_MS = 12_000;

/** `bun run fuzz`: not part of the test run. Takes how many requests to send, and the seed they are made from. */
const [requests = "200000", seed = String(Date.now() % 1_000_000)] = Bun.argv.slice(2);
const onProgress = (done: number, residentMB: number) => {
  if (done % TOLD_EVERY === 0) console.error(`${done} requests, the collector has ${Math.round(residentMB)} MB`);
};
console.log(
  JSON.stringify(await runFuzz({ requests: Number(requests), seed: Number(seed), restMs: REST_MS, onProgress }), null, 2),
);
