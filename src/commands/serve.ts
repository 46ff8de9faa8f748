import type { Command } from "commander";
import type { CliContext } from "../context.ts";

export function registerServe(program: Command, _context: CliContext): void {
  program.command("serve");
}
