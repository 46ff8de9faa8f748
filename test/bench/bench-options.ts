import { parseArgs } from "node:util";
import { SYSTEM_NAMES, type SystemName } from "./systems.ts";

export const HELP = `Usage: bun run bench [options]

Loads dist/logctl and what one would reach for instead with the same records,
asks all of them the same questions, holds every answer to what was sent, and
prints what each took beside the targets. Needs Linux.

  --rows <n>        records sent in batches, 1000 to 20000000 (default 1000000)
  --only <systems>  some of ${SYSTEM_NAMES.join(",")}
  --growth          then load logctl with ten times as many, and compare
  --breakdown       say where the bytes of logctl's database go
  --full-yardstick  have zstd compress all of a file larger than 200 MB
  --json            print one JSON object in place of the report
  --help            print this

ripgrep must be on the PATH; DuckDB is installed into the user's cache folder
when it is first asked for. What is not there is left out, and the report says
so. TMPDIR says where the databases go: a disk, since fsync is part of what is
measured. Exit code 1 where the run failed, not where a target was missed.
`;

export type BenchOptions = {
  rows: number;
  systems: readonly SystemName[];
  growth: boolean;
  breakdown: boolean;
  fullYardstick: boolean;
  json: boolean;
  help: boolean;
};

/** Throws with a message for people where the arguments cannot be understood. */
export function readBenchOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: "string", default: "1000000" },
      only: { type: "string", default: SYSTEM_NAMES.join(",") },
      growth: { type: "boolean", default: false },
      breakdown: { type: "boolean", default: false },
      "full-yardstick": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { growth, breakdown, "full-yardstick": fullYardstick, json, help } = values;
  const rows = Number(values.rows);
  if (!/^\d+$/.test(values.rows) || rows < 1000 || rows > 20_000_000) {
    throw new Error(`--rows '${values.rows}' is not 1000 to 20000000`);
  }
  const wanted = values.only.split(",");
  const unknown = wanted.find((name) => !SYSTEM_NAMES.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--only '${unknown}' is none of ${SYSTEM_NAMES.join(", ")}`);
  const systems = SYSTEM_NAMES.filter((name) => wanted.includes(name));
  if ((breakdown || growth) && !systems.includes("logctl")) {
    throw new Error(`--${breakdown ? "breakdown" : "growth"} is of logctl, which --only leaves out`);
  }
  return { rows, systems, growth, breakdown, fullYardstick, json, help };
}
