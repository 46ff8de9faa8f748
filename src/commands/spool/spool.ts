import { type Command, Option } from "commander";
import { listSpoolFolders, listUnlabelled } from "../../client/spool/spool-folders.ts";
import { readSpoolStatus } from "../../client/spool/spool-status.ts";
import type { CliContext } from "../../context.ts";
import { renderSpoolTable } from "../../render/spool-table.ts";
import { createPaint, wantsColour } from "../../render/text/colours.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { requireSpoolBase, spoolOption } from "../options/spool-options.ts";
import { type DrainFlags, runDrain } from "./drain.ts";

const FORMATS = ["table", "json"] as const;

type StatusFlags = { spool?: string; output?: (typeof FORMATS)[number] };

export function registerSpool(program: Command, context: CliContext): void {
  const spool = program.command("spool").description("show or deliver what waits on disk for a collector that was away");
  spool
    .command("status")
    .description("what waits, for which collector, since when, and how much was refused")
    .addOption(spoolOption())
    .addOption(new Option("-o, --output <format>", "(default: a table on a terminal, else JSON)").choices(FORMATS))
    .action((flags: StatusFlags) => showStatus(flags, context));
  const drain = spool
    .command("drain")
    .description("deliver what waits, oldest first; exit code 0 once nothing does")
    .addOption(spoolOption())
    .option("--any-token", "deliver also what was written with another token, such as one that was rotated since");
  addConnectionOptions(drain, context).action((flags: DrainFlags) => runDrain(flags, context));
}

function showStatus(flags: StatusFlags, context: CliContext): void {
  const { stdout, env } = context;
  const base = requireSpoolBase(flags.spool, context);
  const unlabelled = listUnlabelled(base).map((folder) => ({ folder, url: null }));
  const spools = [...listSpoolFolders(base), ...unlabelled].map(readSpoolStatus);
  const format = flags.output ?? (stdout.isTTY ? "table" : "json");
  if (format === "json") return stdout.write(`${JSON.stringify(spools)}\n`);
  stdout.write(renderSpoolTable(spools, createPaint(wantsColour({ env, isTTY: stdout.isTTY, allowed: true }))));
}
