import { join } from "node:path";
import { type Command, Option } from "commander";
import { makeSpoolBase } from "../../client/spool/spool-folders.ts";
import { ON_FULL, type OnFull, type SpoolPolicy } from "../../client/spool/spool-policy.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { parseDuration } from "./parse-duration.ts";
import { parseSize } from "./parse-size.ts";

export type SpoolFlags = {
  /** False with --no-spool. */
  spool?: string | false;
  spoolMaxSize: number;
  spoolMaxAge?: number;
  onFull: OnFull;
};

export const DEFAULT_MAX_BYTES = 1_000_000_000;
const MIN_MAX_BYTES = 1_000_000;

/** The flags by which a sender keeps what a collector that is away cannot take. */
export function addSpoolOptions(command: Command): Command {
  const maxSize = new Option("--spool-max-size <size>", "how much may wait, such as 500MB").default(DEFAULT_MAX_BYTES, "1GB");
  const maxAge = new Option("--spool-max-age <duration>", "give up what waits for longer, such as 7d (default: never)");
  return command
    .addOption(spoolOption())
    .addOption(new Option("--no-spool", "let nothing wait on disk: a collector that goes away is waited for, up to 30 s"))
    .addOption(maxSize.argParser((text) => parseSize("--spool-max-size", text, MIN_MAX_BYTES)))
    .addOption(maxAge.argParser((text) => parseDuration("--spool-max-age", text)))
    .addOption(new Option("--on-full <what>", "what to do with more than may wait").choices(ON_FULL).default("fail"));
}

export function spoolOption(): Option {
  return new Option("--spool <folder>", "where it waits while the collector is away [env: LOGCTL_SPOOL, or off]");
}

/** Where and how what cannot be delivered waits; undefined where it does not. Throws `usage` for a folder that cannot be. */
export function readSpoolPolicy(flags: SpoolFlags, context: CliContext): SpoolPolicy | undefined {
  const base = spoolBase(flags.spool, context);
  if (base === undefined) return undefined;
  const { spoolMaxSize: maxBytes, spoolMaxAge: maxAgeMs, onFull } = flags;
  return { base, pid: context.pid, maxBytes, maxAgeMs, onFull };
}

/**
 * The folder of all spools: by the flag, or the environment, or else where programs keep their state. That one is not made
 * before it is needed; one that was named is, so that a mistake is told at once.
 */
export function spoolBase(flag: string | false | undefined, { env }: CliContext): string | undefined {
  if (flag === false) return undefined;
  const named = flag ?? env["LOGCTL_SPOOL"] ?? "";
  if (named === "off" && flag === undefined) return undefined;
  if (named !== "") {
    makeSpoolBase(flag === undefined ? "LOGCTL_SPOOL" : "--spool", named);
    return named;
  }
  const state = env["XDG_STATE_HOME"] || (env["HOME"] && join(env["HOME"], ".local/state"));
  return state ? join(state, "logctl/spool") : undefined;
}

/** The same, for what has nothing to do without one. Throws `usage`. */
export function requireSpoolBase(flag: string | undefined, context: CliContext): string {
  const base = spoolBase(flag, context);
  if (base !== undefined) return base;
  throw new LogctlError("usage", "there is no place for a spool: name one by --spool or LOGCTL_SPOOL");
}
