import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type ServerProcess, startServer } from "./server-process.ts";

export const SYSTEM_NAMES = ["logctl", "baseline"] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

/** A log collector that runs, and the folder that has its data and nothing else. */
export type System = { name: SystemName; folder: string; token: string; server: ServerProcess };

const LOGCTL = resolve(import.meta.dir, "../../dist/logctl");
const BASELINE = fileURLToPath(import.meta.resolve("./baseline-server.ts"));

function databaseIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return join(folder, "logs.db");
}

/** Makes logctl's database with a token for every service in it, and returns the token. */
export async function createToken(folder: string): Promise<string> {
  const scopes = ["--scope", "ingest", "--scope", "read"];
  const command = [LOGCTL, "token", "create", "--db", databaseIn(folder), "--name", "bench", "--service", "*", ...scopes];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const token = /lct_\S+/.exec(output)?.[0];
  if (token === undefined) throw new Error(`${command.join(" ")} ended with ${code} and made no token: ${output}${errors}`);
  return token;
}

/** Starts a system on a folder of its own, each with its defaults. The baseline is run by the Bun that runs this. */
export async function startSystem(
  name: SystemName,
  folder: string,
  token: string,
  track: Parameters<typeof startServer>[2],
): Promise<System> {
  const database = databaseIn(folder);
  const command =
    name === "logctl"
      ? [LOGCTL, "serve", "--host", "127.0.0.1", "--port", "0", "--db", database]
      : [process.execPath, BASELINE, "--db", database];
  const server = await startServer(command, { ...process.env, BENCH_TOKEN: token }, track);
  return { name, folder, token, server };
}

/** The JSON of a GET on `path`; throws unless it is a 200. */
export async function getJson({ name, server, token }: System, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { Authorization: `Token ${token}` } });
  if (response.status !== 200) throw new Error(`${name}: GET ${path} answered ${response.status} ${await response.text()}`);
  return response.json();
}

/** How many records a system has that match `query` (`?q=...`), or all of them. */
export async function countRecords(system: System, query = ""): Promise<number> {
  const answer = (await getJson(system, `/logs/stats${query}`)) as { count?: unknown };
  if (typeof answer.count !== "number") throw new Error(`${system.name}: no count in ${JSON.stringify(answer)}`);
  return answer.count;
}
