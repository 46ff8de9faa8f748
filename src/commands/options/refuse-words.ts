import type { Command } from "commander";
import { LogctlError } from "../../errors.ts";

/** Has a command refuse words that belong to no option, and name the option that was likely meant: `to find it` by `-q`. */
export function refuseWords(command: Command, purpose: string, option: string): Command {
  return command.allowExcessArguments().hook("preAction", (_, { args }) => {
    if (args.length === 0) return;
    const words = args.join(" ");
    throw new LogctlError("usage", `'${words}' belongs to no option; ${purpose}, give ${option} '${words}'`);
  });
}
