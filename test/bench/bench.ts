import { type BenchOptions, HELP, readBenchOptions } from "./bench-options.ts";
import { compare } from "./compare.ts";
import { renderReport } from "./render-report.ts";
import { runBench } from "./run-bench.ts";
import { openWorkplace } from "./workplace.ts";

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(): Promise<number> {
  let options: BenchOptions;
  try {
    options = readBenchOptions(process.argv.slice(2));
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
    const result = await runBench(workplace, options, progress);
    process.stdout.write(options.json ? `${JSON.stringify({ ...result, comparison: compare(result) })}\n` : renderReport(result));
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
