import { type Command, Option } from "commander";
import type { Connection } from "../client/connection.ts";
import { countRecords } from "../client/count-records.ts";
import { readRecords } from "../client/read-records.ts";
import type { CliContext } from "../context.ts";
import { createPaint, wantsColour } from "../render/colours.ts";
import { createRenderer, OUTPUT_FORMATS, type OutputFormat } from "../render/create-renderer.ts";
import type { Renderer } from "../render/renderer.ts";
import { addConnectionOptions, type ConnectionFlags, connect } from "./connection-options.ts";
import { addFilterOptions, type FilterFlags, filterParameters } from "./filter-options.ts";
import { parseWholeNumber } from "./parse-whole-number.ts";

type PageFlags = { limit: string; offset: string; order?: "asc" | "desc"; sort?: "received_at" | "timestamp" };
type OutputFlags = { output?: OutputFormat; utc?: boolean; color: boolean };
type QueryFlags = ConnectionFlags & FilterFlags & PageFlags & OutputFlags & { count?: boolean };

const DEFAULT_LIMIT = "100";

const EXAMPLES = `
Examples:
  logctl query --service payments --min-severity warn --since 1h
  logctl query -q '"timed out" gateway' -n 20
  logctl query -q 'user_id:42 severity>=warn -healthcheck (path:/v[12]/ OR ms>1500)'
  logctl query -g 'timed? out after \\d{4,} ms'
  logctl query --since yesterday --limit all -o csv > yesterday.csv
  logctl query --severity error --count

The newest records are shown, the last one last, as in a log file. With --order asc it is the oldest ones, with --order
desc the newest one first. A time is 15m, 2h or 3d (ago), today, yesterday, 10:00, 2026-11-24, '2026-11-24 10:00', RFC 3339
or a time since the epoch; without a zone it is local. --until takes in all of the day, minute or second that it names.`;

export function registerQuery(program: Command, context: CliContext): void {
  const command = program.command("query").description("read logs in the terminal");
  addFilterOptions(command)
    .option("-n, --limit <n>", "how many records, or all", DEFAULT_LIMIT)
    .option("--offset <n>", "leave so many out", "0")
    .addOption(new Option("--order <order>", "asc: oldest first, desc: newest first").choices(["asc", "desc"]))
    .addOption(new Option("--sort <field>", "by which time").choices(["received_at", "timestamp"]))
    .addOption(
      new Option("-o, --output <format>", "how to show them (default: table on a terminal, else ndjson)").choices(OUTPUT_FORMATS),
    )
    .addOption(
      new Option("-c, --count", "only say how many there are").conflicts(["limit", "offset", "order", "sort", "output", "utc"]),
    )
    .option("--utc", "show times in UTC, not in local time")
    .option("--no-color", "show no colours; so do NO_COLOR and a pipe");
  addConnectionOptions(command, context)
    .addHelpText("after", EXAMPLES)
    .action((flags: QueryFlags) => query(flags, context));
}

async function query(flags: QueryFlags, context: CliContext): Promise<void> {
  const filter = filterParameters(flags, context.now());
  if (flags.count === true) {
    const count = await countRecords(await connect(flags, context), filter, context.signal);
    context.stdout.write(`${count}\n`);
    return;
  }
  const limit = flags.limit === "all" ? "all" : String(parseWholeNumber("--limit", flags.limit, 1, 1e15));
  const offset = String(parseWholeNumber("--offset", flags.offset, 0, 1e15));
  // The newest come first from the server, and last on the screen; all there is can as well be asked for from the oldest on.
  const order = flags.order ?? (limit === "all" ? "asc" : "desc");
  const isTurned = flags.order === undefined && order === "desc";
  const parameters = new URLSearchParams([...filter, ["limit", limit], ["offset", offset], ["order", order]]);
  if (flags.sort !== undefined) parameters.set("sort", flags.sort);
  const found = await show(await connect(flags, context), parameters, isTurned, rendererOf(flags, context), context);
  if (found === 0 && context.stdout.isTTY) context.stderr.write("no records match\n");
}

function rendererOf({ output, utc = false, color }: OutputFlags, { env, stdout }: CliContext): Renderer {
  const paint = createPaint(wantsColour({ env, isTTY: stdout.isTTY, allowed: color }));
  const settings = { terminal: stdout.isTTY, columns: stdout.columns, utc, paint };
  return createRenderer(output ?? (stdout.isTTY ? "table" : "ndjson"), settings);
}

/** Writes the records as they come, or all of them from the last to the first, and answers how many there were. */
async function show(
  connection: Connection,
  parameters: URLSearchParams,
  isTurned: boolean,
  renderer: Renderer,
  { stdout, signal }: CliContext,
): Promise<number> {
  const kept: string[] = [];
  let found = 0;
  for await (const lines of readRecords(connection, parameters, signal)) {
    found += lines.length;
    if (isTurned) for (const line of lines) kept.push(line);
    else {
      stdout.write(renderer.render(lines));
      await stdout.drain();
    }
  }
  stdout.write(renderer.render(kept.reverse()) + renderer.finish());
  await stdout.drain();
  return found;
}
