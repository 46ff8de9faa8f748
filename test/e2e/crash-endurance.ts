import { type CrashLoad, crashUnderLoad, withoutSyncing } from "../support/crashes.ts";

/**
 * `bun run crashes kill 50`, `bun run crashes ext4 10`, `bun run crashes xfs 10`: not part of the test run. With `unsynced` behind it
 * the collector is one that does not sync, and records should be lost.
 */
const [by = "kill", crashes = "50", unsynced] = Bun.argv.slice(2);
const load = { by: by as CrashLoad["by"], crashes: Number(crashes) };
const report =
  unsynced === "unsynced" ? await withoutSyncing((binary) => crashUnderLoad({ ...load, binary })) : await crashUnderLoad(load);
console.log(JSON.stringify({ ...load, ...(unsynced && { unsynced: true }), ...report }));
