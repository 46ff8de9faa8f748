import { Command, CommanderError } from "commander";
import { registerBackup } from "./commands/backup.ts";
import { registerHelp } from "./commands/help.ts";
import { registerQuery } from "./commands/query/query.ts";
import { registerSend } from "./commands/send/send.ts";
import { registerServe } from "./commands/serve.ts";
import { registerSimulate } from "./commands/simulate/simulate.ts";
import { registerSpool } from "./commands/spool/spool.ts";
import { registerToken } from "./commands/token.ts";
import { registerVerify } from "./commands/verify.ts";
import type { CliContext } from "./context.ts";
import { ERRORS, LogctlError } from "./errors.ts";
import { sanitizeText } from "./render/text/sanitize.ts";
import { VERSION } from "./version.ts";

/**
 * Runs one command line and answers with its exit code: 0 ok, 1 failure, 2 usage, 3 unreachable, 4 not authorised,
 * 5 spooled, not yet stored, 130 interrupted. A failure is one line on stderr.
 */
export async function run(args: string[], context: CliContext): Promise<number> {
  const program = buildProgram(context);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ERRORS.usage.exit;
    const known = error instanceof LogctlError ? error : new LogctlError("internal", String(error), { cause: error });
    // What was interrupted has told what it did; there is nothing to add.
    if (known.code !== "interrupted") context.stderr.write(`logctl: ${sanitizeText(known.message.replace(/\s*\n\s*/g, " "))}\n`);
    return ERRORS[known.code].exit;
  }
}

/** The whole command tree; commands get what they need of the outside world from `context`. */
export function buildProgram(context: CliContext): Command {
  const program = new Command("logctl")
    .description("A small log collector in one executable. Systems fall, logs survive.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) =>
        write(
          `logctl: ${text
            .replace(/^error: /, "")
            .trim()
            .replace(/\s*\n\s*/g, " ")} (see logctl --help)\n`,
        ),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
    });
  registerServe(program, context);
  registerSend(program, context);
  registerSimulate(program, context);
  registerQuery(program, context);
  registerToken(program, context);
  registerSpool(program, context);
  registerBackup(program, context);
  registerVerify(program, context);
  registerHelp(program, context);
  program.addHelpText(
    "after",
    "\nStart here: logctl serve, then logctl simulate --count=3, then logctl query. The manual: logctl help.",
  );
  return program;
}
