import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { LogctlError } from "../errors.ts";
import { TOPICS } from "../manual/topics.ts";

/** The pages that go with each command, beside the one that has its name. */
const PAGES_OF: Record<string, readonly string[]> = {
  serve: ["http", "tokens", "limits", "metrics", "trouble"],
  send: ["records", "spool"],
  query: ["query-language", "stats", "tail"],
  token: ["tokens"],
  spool: ["send"],
  verify: ["trouble"],
  backup: ["trouble"],
};

/** Adds `logctl help`, and to the help of every command which pages go with it; to be called once all commands are there. */
export function registerHelp(program: Command, context: CliContext): void {
  for (const command of program.commands) {
    const pages = [command.name(), ...(PAGES_OF[command.name()] ?? [])].map((page) => `logctl help ${page}`);
    for (const one of [command, ...command.commands]) one.addHelpText("after", `\nManual: ${pages.join(", ")}`);
  }
  program
    .helpCommand(false)
    .command("help [words...]")
    .description("show a page of the manual, the help of a command, or what pages there are")
    .action((words: string[]) => showHelp(words, program, context));
}

async function showHelp(words: string[], program: Command, context: CliContext): Promise<void> {
  if (words.length === 0) return context.page(`${program.helpInformation()}\n${listTopics()}`);
  const name = words.join(" ");
  const topic = TOPICS.find((page) => page.name === name);
  if (topic !== undefined) return context.page(topic.text);
  const command = findCommand(program, words);
  if (command !== undefined) return context.page(command.helpInformation());
  throw new LogctlError("usage", `there is no page and no command '${name}'; logctl help lists them`);
}

function listTopics(): string {
  const width = Math.max(...TOPICS.map(({ name }) => name.length));
  const lines = TOPICS.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`);
  return `Pages of the manual, each shown by logctl help <page>:\n${lines.join("\n")}\n`;
}

function findCommand(program: Command, words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>((from, word) => from?.commands.find((command) => command.name() === word), program);
}
