import { parseArgs } from "node:util";
import { runSoak } from "../support/soak.ts";

/** `bun run soak --minutes 10`: a minute of it is part of the test run. Exit code 1 where the accounts do not balance. */
const { values } = parseArgs({ args: Bun.argv.slice(2), options: { minutes: { type: "string", default: "10" } } });
const report = await runSoak({ minutes: Number(values.minutes), onProgress: (line) => console.error(line) });
console.log(JSON.stringify(report, null, 2));
process.exit(report.faults.length === 0 ? 0 : 1);
