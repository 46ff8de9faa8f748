import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { NotAvailable } from "./not-available.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

/** In the order of the columns of the report: logctl, and what one would reach for instead. */
export const SYSTEM_NAMES = ["logctl", "ripgrep", "sqlite", "fts5", "duckdb", "zstd"] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

/** The ones that run as servers. The collectors take logs over HTTP; DuckDB loads the file. */
export const COLLECTOR_NAMES = ["logctl", "sqlite", "fts5"] as const;
export type CollectorName = (typeof COLLECTOR_NAMES)[number];
export type ServerName = CollectorName | "duckdb";

/** A server that runs, and the folder that has its data and nothing else. */
export type System<Name extends ServerName = ServerName> = { name: Name; folder: string; token: string; server: ServerProcess };
export type Collector = System<CollectorName>;

const LOGCTL = resolve(import.meta.dir, "../../dist/logctl");
const SQLITE = fileURLToPath(import.meta.resolve("./sqlite-server.ts"));
const DUCKDB = fileURLToPath(import.meta.resolve("./duckdb-server.ts"));

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

/** The command of each system, with its defaults. Those that are scripts are run by the Bun that runs this. */
function commandOf(name: ServerName, database: string, duckDbModule: string): string[] {
  switch (name) {
    case "logctl":
      return [LOGCTL, "serve", "--host", "127.0.0.1", "--port", "0", "--db", database];
    case "sqlite":
      return [process.execPath, SQLITE, "--db", database];
    case "fts5":
      return [process.execPath, SQLITE, "--db", database, "--fts5"];
    case "duckdb":
      return [process.execPath, DUCKDB, "--db", database, "--module", duckDbModule];
  }
}

/** Starts a system on a folder of its own; `duckDbModule` is the path that DuckDB's package is imported from. */
export async function startSystem<Name extends ServerName>(
  name: Name,
  folder: string,
  token: string,
  track: Parameters<typeof startServer>[2],
  duckDbModule = "",
): Promise<System<Name>> {
  const command = commandOf(name, databaseIn(folder), duckDbModule);
  const server = await startServer(command, { ...process.env, BENCH_TOKEN: token }, track);
  return { name, folder, token, server };
}

/** The answer of a collector to a GET on `path`; throws unless it is a 200, `NotAvailable` where it is a 400. */
export async function getAnswer(
  { name, server, token }: Collector,
  path: string,
  accept = "application/json",
): Promise<Response> {
  const headers = { Authorization: `Token ${token}`, Accept: accept };
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers });
  if (response.status === 200) return response;
  const problem = `GET ${path} answered ${response.status} ${(await response.text()).trim()}`;
  throw response.status === 400 ? new NotAvailable(problem) : new Error(`${name}: ${problem}`);
}

/** How many records a collector has that match `query` (`?q=...`), or all of them. */
export async function countRecords(system: Collector, query = ""): Promise<number> {
  const answer = (await (await getAnswer(system, `/logs/stats${query}`)).json()) as { count?: unknown };
  if (typeof answer.count !== "number") throw new Error(`${system.name}: no count in ${JSON.stringify(answer)}`);
  return answer.count;
}
