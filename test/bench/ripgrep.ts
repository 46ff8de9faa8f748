import { countLines } from "./count-lines.ts";
import { type Expected, REGEX, SERVICE } from "./expected.ts";
import { NotAvailable } from "./not-available.ts";
import { ABSENT, type Answer, type Asker, LATEST } from "./questions.ts";
import { PHRASE, RARE_WORD } from "./records.ts";

/** Throws `NotAvailable` where there is no `rg` on the PATH. */
export function findRipgrep(): string {
  const path = Bun.which("rg");
  if (path === null) throw new NotAvailable("there is no 'rg' on the PATH; apt-get install ripgrep");
  return path;
}

/** What a command writes. Exit code 1 is ripgrep's for nothing found. */
async function run(command: string[]): Promise<Uint8Array> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  if (code > 1 || errors !== "") throw new Error(`${command.join(" ")} ended with ${code}: ${errors}`);
  return output;
}

/** ripgrep on the file of all records, a process for each question, as from a shell. The latest are the last of the file. */
export function askRipgrep(rg: string, path: string, { userId }: Expected): Asker {
  const search = [rg, "--no-config"];
  async function count(...pattern: string[]): Promise<Answer> {
    const output = await run([...search, "-c", ...pattern, path]);
    return [Number(new TextDecoder().decode(output).trim() || "0")];
  }
  const lines = async (...pattern: string[]) => [countLines(await run([...search, ...pattern, path]))];
  const latest = async (text: string) => {
    const command = ["sh", "-c", 'tac "$1" | "$2" --no-config -m "$3" -F "$4"', "sh", path, rg, String(LATEST), text];
    return [countLines(await run(command))];
  };
  return {
    name: "ripgrep",
    ask: {
      substring: () => count("-F", ABSENT),
      phrase: () => count("-F", PHRASE),
      regex: () => count(REGEX),
      rareWord: () => lines("-F", RARE_WORD),
      latestOfService: () => latest(`"service":"${SERVICE}"`),
      latestErrors: () => latest('"severity":"ERROR"'),
      // Ten times as quick as with [,}] behind the number.
      attribute: () => lines(`"user_id":${userId}\\b`),
    },
  };
}
