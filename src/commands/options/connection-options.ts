import { type Command, Option } from "commander";
import { type Connection, openConnection } from "../../client/connection.ts";
import { DEFAULT_URL, readServerAddress } from "../../client/server-address.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { readCertificate } from "./tls-options.ts";

export type ConnectionFlags = { url: string; token?: string; tokenFile?: string; caCert?: string };

/** The flags by which every client finds the collector and shows who it is. */
export function addConnectionOptions(command: Command, context: CliContext): Command {
  // commander's .env() reads the process's own environment; a command reads its context's.
  const url = new Option("--url <url>", "the collector's address [env: LOGCTL_URL]").default(
    context.env["LOGCTL_URL"] || DEFAULT_URL,
  );
  const token = new Option("--token <token>", "the token; seen in the process list, so better by [env: LOGCTL_TOKEN]");
  const tokenFile = new Option("--token-file <path>", "a file that holds the token");
  const caCert = new Option("--ca-cert <file>", "the certificate (PEM) that the collector's is signed by [env: LOGCTL_CA_CERT]");
  return command.addOption(url).addOption(token).addOption(tokenFile).addOption(caCert);
}

/** What may stand in a header, which is what a token is for. */
const TOKEN_PATTERN = /^[!-~]+$/;

/** Opens the connection that the flags and the environment stand for: `--token-file`, then `--token`, then LOGCTL_TOKEN. */
export async function connect(flags: ConnectionFlags, context: CliContext, fallbackToken?: string): Promise<Connection> {
  const token = (await readTokenFile(flags.tokenFile)) ?? flags.token ?? (context.env["LOGCTL_TOKEN"] || fallbackToken);
  if (token !== undefined && !TOKEN_PATTERN.test(token)) {
    const source = flags.tokenFile !== undefined ? "--token-file" : flags.token !== undefined ? "--token" : "LOGCTL_TOKEN";
    throw new LogctlError("usage", `${source} holds no token: one is a single word of ASCII letters, digits and signs`);
  }
  const fetch = await trustedFetch(flags, context);
  return openConnection({ baseUrl: readServerAddress(flags.url), token, fetch, signal: context.signal });
}

/** The context's `fetch`, which trusts the certificate that was named where one was. */
async function trustedFetch({ caCert }: ConnectionFlags, { env, fetch }: CliContext): Promise<CliContext["fetch"]> {
  const path = caCert ?? env["LOGCTL_CA_CERT"] ?? "";
  if (caCert === undefined && path === "") return fetch;
  const ca = await readCertificate(caCert === undefined ? "LOGCTL_CA_CERT" : "--ca-cert", path);
  return (request) => fetch(request, { ca });
}

async function readTokenFile(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const token = (await Bun.file(path).text()).trim();
    if (token !== "") return token;
  } catch (error) {
    throw new LogctlError("usage", `--token-file '${path}' cannot be read: ${(error as Error).message}`, { cause: error });
  }
  throw new LogctlError("usage", `--token-file '${path}' is empty`);
}
