import { runFuzz } from "../support/fuzz-load.ts";

/** `bun run fuzz`: not part of the test run. Takes how many requests to send, and the seed they are made from. */
const [requests = "200000", seed = String(Date.now() % 1_000_000)] = Bun.argv.slice(2);
console.log(JSON.stringify(await runFuzz({ requests: Number(requests), seed: Number(seed) }), null, 2));
