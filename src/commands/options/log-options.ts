import { type Command, Option } from "commander";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { LOG_LEVELS } from "../../log-event.ts";
import { createEventLog, type EventLog, LOG_FORMATS } from "../report/event-log.ts";

export type LogFlags = { logLevel?: string; logFormat?: string };

export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--log-level <level>", "what to write of the collector's own log [env: LOGCTL_LOG_LEVEL]").choices(LOG_LEVELS),
    )
    .addOption(
      new Option("--log-format <format>", "text by default on a terminal, json elsewhere [env: LOGCTL_LOG_FORMAT]").choices(
        LOG_FORMATS,
      ),
    );
}

/** The log as the flags, or else the environment, want it, on stderr. Throws `usage`. */
export function openEventLog({ logLevel, logFormat }: LogFlags, { env, now, stderr }: CliContext): EventLog {
  return createEventLog({
    level: choose("LOGCTL_LOG_LEVEL", logLevel ?? env["LOGCTL_LOG_LEVEL"], LOG_LEVELS, "info"),
    format: choose("LOGCTL_LOG_FORMAT", logFormat ?? env["LOGCTL_LOG_FORMAT"], LOG_FORMATS, stderr.isTTY ? "text" : "json"),
    now,
    write: (text) => stderr.write(text),
  });
}

function choose<Choice extends string>(
  name: string,
  text: string | undefined,
  choices: readonly Choice[],
  usual: Choice,
): Choice {
  if (text === undefined || text === "") return usual;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new LogctlError("usage", `${name} '${text}' is none of ${choices.join(", ")}`);
}
