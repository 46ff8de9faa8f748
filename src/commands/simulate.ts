import type { Command } from "commander";
import type { CliContext } from "../context.ts";

export function registerSimulate(program: Command, _context: CliContext): void {
  program.command("simulate");
}
