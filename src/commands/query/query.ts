import { type Command, Option } from "commander";
import type { Connection } from "../../client/connection.ts";
import { countRecords } from "../../client/read/count-records.ts";
import { askForDamage, type WatchedConnection, watchDamage } from "../../client/read/damage.ts";
import { readOn } from "../../client/read/read-on.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { createRenderer, OUTPUT_FORMATS, type OutputFormat } from "../../render/create-renderer.ts";
import type { Renderer, RenderSettings } from "../../render/renderer.ts";
import { createPaint, wantsColour } from "../../render/text/colours.ts";
import { addConnectionOptions, type ConnectionFlags, connect } from "../options/connection-options.ts";
import { addFilterOptions, type FilterFlags, filterParameters } from "../options/filter-options.ts";
import { parseWholeNumber } from "../options/parse-whole-number.ts";
import { refuseWords } from "../options/refuse-words.ts";
import { followQuery } from "./follow-query.ts";
import { addGroupOptions, asksForGroups, type GroupFlags, showGroups } from "./query-groups.ts";

type PageFlags = { limit: string; offset: string; order?: "asc" | "desc"; sort?: "received_at" | "timestamp" };
type OutputFlags = { output?: OutputFormat; utc?: boolean; color: boolean };
type QueryFlags = ConnectionFlags & FilterFlags & PageFlags & OutputFlags & GroupFlags & { count?: boolean; follow?: boolean };

const DEFAULT_LIMIT = "100";

const EXAMPLES = `
Examples:
  logctl query --service payments --min-severity warn --since 1h
  logctl query -q '"timed out" gateway' -n 20
  logctl query -q 'user_id:42 severity>=warn -healthcheck (path:/v[12]/ OR ms>1500)'
  logctl query -g 'timed? out after \\d{4,} ms'
  logctl query --since yesterday --limit all -o csv > yesterday.csv
  logctl query --severity error --count
  logctl query --stats service severity --since 1h
  logctl query --stats --interval 5m --of duration_ms --since today
  logctl query --service payments -f

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
    .addOption(
      new Option("-f, --follow", "go on with what arrives, until Ctrl-C (a terminal shows lines, not a table)").conflicts([
        "offset",
        "order",
        "sort",
        "receivedUntil",
        "count",
      ]),
    )
    .option("--utc", "show times in UTC, not in local time")
    .option("--no-color", "show no colours; so do NO_COLOR and a pipe");
  addGroupOptions(refuseWords(command, "to find it", "-q"));
  addConnectionOptions(command, context)
    .addHelpText("after", EXAMPLES)
    .action((flags: QueryFlags) => query(flags, context));
}

async function query(flags: QueryFlags, context: CliContext): Promise<void> {
  let watched: WatchedConnection | undefined;
  await ask(flags, context, async () => {
    watched = watchDamage(await connect(flags, context));
    return watched;
  });
  if (watched === undefined) return;
  const damaged = watched.damagedBlocks() || (isStream(flags) ? await askForDamage(watched) : 0);
  if (damaged === 0) return;
  const blocks = damaged === 1 ? "a damaged block" : `${damaged} damaged blocks`;
  context.stderr.write(`logctl: the collector leaves out ${blocks}: logctl verify, on its machine, names the records\n`);
}

function isStream({ count, stats, fields }: QueryFlags): boolean {
  return count === undefined && stats === undefined && fields === undefined;
}

/** Asks for what the flags say, and shows it. */
async function ask(flags: QueryFlags, context: CliContext, open: () => Promise<Connection>): Promise<void> {
  const filter = filterParameters(flags, context.now());
  if (flags.count === true) {
    const count = await countRecords(await open(), filter, context.signal);
    context.stdout.write(`${count}\n`);
    return;
  }
  if (asksForGroups(flags)) {
    const { output } = flags;
    const settings = settingsOf(flags, context);
    return showGroups({ ...context, flags, filter, output, settings, connect: open });
  }
  if (flags.follow === true) {
    const renderer = rendererOf({ ...flags, live: true }, context);
    return followQuery(await open(), { filter, last: readLast(flags.limit), renderer }, context);
  }
  const limit = flags.limit === "all" ? "all" : String(parseWholeNumber("--limit", flags.limit, 1, 1e15));
  const offset = String(parseWholeNumber("--offset", flags.offset, 0, 1e15));
  if (limit === "all" && offset !== "0" && flags.order === undefined) {
    const choice = "--order asc leaves out the oldest, --order desc the newest";
    throw new LogctlError("usage", `--limit all --offset ${offset} does not say which are left out: ${choice}`);
  }
  // The newest come first from the server, and last on the screen; all there is can as well be asked for from the oldest on.
  const order = flags.order ?? (limit === "all" ? "asc" : "desc");
  const isTurned = flags.order === undefined && order === "desc";
  const parameters = new URLSearchParams([...filter, ["limit", limit], ["offset", offset], ["order", order]]);
  if (flags.sort !== undefined) parameters.set("sort", flags.sort);
  const found = await show(await open(), parameters, isTurned, rendererOf(flags, context), context);
  if (found === 0 && context.stdout.isTTY) context.stderr.write("no records match\n");
}

function settingsOf(flags: OutputFlags & { live?: boolean }, { env, stdout }: CliContext): RenderSettings {
  const { utc = false, color, live = false } = flags;
  const paint = createPaint(wantsColour({ env, isTTY: stdout.isTTY, allowed: color }));
  return { terminal: stdout.isTTY, columns: stdout.columns, utc, live, paint };
}

function readLast(limit: string): number {
  return limit === "all" ? Number.POSITIVE_INFINITY : parseWholeNumber("--limit", limit, 0, 1e15);
}

function rendererOf(flags: OutputFlags & { live?: boolean }, context: CliContext): Renderer {
  const { isTTY } = context.stdout;
  // Of a table without an end the headings are soon out of sight.
  const forPeople = flags.live === true ? "line" : "table";
  return createRenderer(flags.output ?? (isTTY ? forPeople : "ndjson"), settingsOf(flags, context));
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
  const finish = () => {
    stdout.write(renderer.render(kept.reverse()) + renderer.finish());
    return stdout.drain();
  };
  try {
    for await (const lines of readOn(connection, parameters, { signal })) {
      found += lines.length;
      if (isTurned) for (const line of lines) kept.push(line);
      else {
        stdout.write(renderer.render(lines));
        await stdout.drain();
      }
    }
  } catch (error) {
    // What came before something went wrong is worth reading; the error comes after it.
    if (error instanceof LogctlError && error.code !== "interrupted" && found > 0) await finish();
    throw error;
  }
  await finish();
  return found;
}
