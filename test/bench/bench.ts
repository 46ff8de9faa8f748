import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureLatencies } from "./latency.ts";
import { loadSystem } from "./load-phases.ts";
import { describeMachine } from "./machine.ts";
import { type BenchResult, compare, renderReport } from "./report.ts";
import { createToken, startSystem } from "./systems.ts";
import { buildWorkload, SEED } from "./workload.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

const HELP = `Usage: bun run bench [--rows <n>] [--json]

Loads dist/logctl and a plain SQLite log collector with the same records, over
HTTP, asks both the same questions and prints what each took. Needs Linux.

  --rows <n>  records sent in batches, 1000 to 20000000 (default 1000000)
  --json      print one JSON object in place of the table
  --help      print this

TMPDIR says where the databases go: a disk, since fsync is part of what is
measured. Exit code 1 where the run failed, not where a target was missed.
`;

const DEFAULT_ROWS = "1000000";

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function runBench({ folder, track }: Workplace, rows: number): Promise<BenchResult> {
  const machine = describeMachine(folder);
  const folders = { logctl: join(folder, "logctl"), baseline: join(folder, "baseline") };
  const token = await createToken(folders.logctl);
  progress(`making ${rows} records`);
  const workload = buildWorkload(rows, token);
  const logctl = await startSystem("logctl", folders.logctl, token, track);
  const logctlLoad = await loadSystem(logctl, workload, progress);
  const baseline = await startSystem("baseline", folders.baseline, token, track);
  const baselineLoad = await loadSystem(baseline, workload, progress);
  const latencyMs = await measureLatencies([logctl, baseline], workload, progress);
  return {
    machine,
    rows,
    singles: workload.singles.length,
    seed: SEED,
    jsonBytesPerRecord: workload.jsonBytes / workload.records,
    load: { logctl: logctlLoad, baseline: baselineLoad },
    peakMemoryBytes: { logctl: logctl.server.peakMemoryBytes(), baseline: baseline.server.peakMemoryBytes() },
    latencyMs,
  };
}

function readArguments(): { rows: number; json: boolean; help: boolean } {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: DEFAULT_ROWS },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const rows = Number(values.rows);
  if (!/^\d+$/.test(values.rows) || rows < 1000 || rows > 20_000_000)
    throw new Error(`--rows '${values.rows}' is not 1000 to 20000000`);
  return { rows, json: values.json, help: values.help };
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments();
  } catch (error) {
    progress(`bench: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const workplace = openWorkplace();
  try {
    const result = await runBench(workplace, options.rows);
    const text = options.json ? `${JSON.stringify({ ...result, comparison: compare(result) })}\n` : renderReport(result);
    process.stdout.write(text);
    return 0;
  } catch (error) {
    progress(`bench failed: ${(error as Error).message}`);
    for (const server of workplace.servers) progress(server.output());
    return 1;
  } finally {
    await workplace.clear();
  }
}

process.exit(await main());
