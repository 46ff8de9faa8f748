import { Chalk } from "chalk";
import type { Severity } from "../../schema/severity.ts";

/** How the parts of a record are painted; every function gives its text back as it is where there is no colour. */
export type Paint = {
  severity(severity: Severity, text: string): string;
  heading(text: string): string;
  /** What is there but not in front: times, keys, escapes. */
  faint(text: string): string;
};

export type ColourSettings = {
  env: Record<string, string | undefined>;
  isTTY: boolean;
  /** False after `--no-color`. */
  allowed: boolean;
};

/**
 * Whether to paint: `--no-color` forbids it, then FORCE_COLOR decides (0 and false forbid), then NO_COLOR
 * (https://no-color.org: any value but the empty one forbids), and else it is up to there being a terminal.
 */
export function wantsColour({ env, isTTY, allowed }: ColourSettings): boolean {
  if (!allowed) return false;
  const forced = env["FORCE_COLOR"];
  if (forced) return forced !== "0" && forced !== "false";
  if (env["NO_COLOR"]) return false;
  return isTTY && env["TERM"] !== "dumb";
}

export function createPaint(colour: boolean): Paint {
  // The 16 colours that follow the terminal's own theme; the level is given, since chalk would look at the process.
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  const bySeverity = {
    TRACE: chalk.gray,
    DEBUG: chalk.cyan,
    INFO: chalk.green,
    WARN: chalk.yellow,
    ERROR: chalk.red,
    CRITICAL: chalk.bold.red,
  } satisfies Record<Severity, (text: string) => string>;
  return {
    severity: (severity, text) => bySeverity[severity](text),
    heading: (text) => chalk.bold(text),
    faint: (text) => chalk.dim(text),
  };
}
