import { Option } from "commander";
import type { CliContext } from "../../context.ts";

/** The file that holds everything, for the commands that open it themselves. */
export function databaseOption({ env }: CliContext): Option {
  return new Option("--db <file>", "the database [env: LOGCTL_DB]").default(env["LOGCTL_DB"] || "./logs.db");
}
