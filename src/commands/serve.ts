import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { LogctlError } from "../errors.ts";
import type { LogEvent } from "../log-event.ts";
import { isLoopback } from "../loopback.ts";
import { DEMO_TOKENS } from "../schema/demo-tokens.ts";
import { createConnections } from "../server/connections.ts";
import { type Answered, BODY_TIMEOUT_MS, createApp } from "../server/create-app.ts";
import { listen } from "../server/listen.ts";
import { createOpenStreams } from "../server/read/open-streams.ts";
import { resolveDatabase } from "../store/blocks/find-database.ts";
import { openStore } from "../store/blocks/open-block-store.ts";
import { VERSION } from "../version.ts";
import { databaseOption } from "./options/database-option.ts";
import { addLogOptions, type LogFlags, openEventLog } from "./options/log-options.ts";
import { parseSize } from "./options/parse-size.ts";
import { parseWholeNumber } from "./options/parse-whole-number.ts";
import { type RetentionFlags, readRetention, reportDropped } from "./options/retention-options.ts";
import { readTls, type TlsFlags } from "./options/tls-options.ts";
import { errorFields } from "./report/event-log.ts";

type ServeFlags = {
  host: string;
  port: string;
  db: string;
  minFree?: string;
  bodyTimeout: string;
  insecureHttp?: true;
} & RetentionFlags &
  LogFlags &
  TlsFlags;

/** How long requests under way may take once the collector is told to stop. */
const STOP_GRACE_MS = 10_000;
const MAX_PORT = 65_535;
const MAX_BODY_TIMEOUT_S = 86_400;
/** Less would not do for what has to be written to make room. */
const LEAST_MIN_FREE_BYTES = 1_000_000;

export function registerServe(program: Command, context: CliContext): void {
  const { env } = context;
  const command = program
    .command("serve")
    .description("collect logs over HTTP and keep them in one file")
    .option("--host <address>", "the address to listen at [env: LOGCTL_HOST]", env["LOGCTL_HOST"] || "127.0.0.1")
    .option("--port <number>", "the port to listen at, 0 for any that is free [env: LOGCTL_PORT]", env["LOGCTL_PORT"] || "8000")
    .addOption(databaseOption(context))
    .option("--retain <duration>", "drop what was received longer ago, such as 12h, 30d or 8w [env: LOGCTL_RETAIN]")
    .option("--max-size <size>", "drop the oldest once the database exceeds it, such as 500MB or 10GB [env: LOGCTL_MAX_SIZE]")
    .option("--min-free <size>", "write nothing while the disk has less left, such as 200MB [env: LOGCTL_MIN_FREE]")
    .option("--tls-cert <file>", "serve HTTPS with this certificate (PEM)")
    .option("--tls-key <file>", "the certificate's private key (PEM)")
    .option("--insecure-http", "serve other machines without TLS, such as behind a proxy that has it")
    .option("--body-timeout <seconds>", "how long the body of a request may take to arrive", String(BODY_TIMEOUT_MS / 1000));
  addLogOptions(command).action((flags: ServeFlags) => serve(flags, context));
}

/** Collects until the context's signal is aborted; then answers what is under way, and leaves one file behind. */
async function serve({ host, insecureHttp, ...flags }: ServeFlags, context: CliContext): Promise<void> {
  const port = parseWholeNumber("--port", flags.port, 0, MAX_PORT);
  const bodyTimeoutMs = 1000 * parseWholeNumber("--body-timeout", flags.bodyTimeout, 1, MAX_BODY_TIMEOUT_S);
  const tls = await readTls(flags);
  const loopback = isLoopback(host);
  if (!loopback && tls === undefined && !insecureHttp) throw needsTls(host);
  const { now, pid, signal, usage } = context;
  const minFreeBytes = readMinFree(flags, context);
  const limits = readRetention(flags, context);
  const { log, writes, announce, close } = openEventLog(flags, context);
  const keep = limits && { retention: limits.retention, onDropped: reportDropped(limits, log) };
  const db = resolveDatabase(flags.db);
  const store = await openStore({
    path: db,
    pid,
    now,
    onFailure: (error) => log({ level: "error", event: "store_failed", mayRepeat: true, ...errorFields(error) }),
    // In words for people, where it is no line of a log.
    onEvent: (event) => (event.event === "database_made_private" ? announce(event, `${event.message}\n`) : log(event)),
    ...(minFreeBytes !== undefined && { minFreeBytes }),
    ...(keep && { keep }),
  });
  try {
    const tokensMade = store.tokens().length > 0;
    if (!loopback && !tokensMade) throw needsToken(host, db);
    await store.warm();
    const tails = new Set<Request>();
    const streams = createOpenStreams(() => performance.now());
    const connections = createConnections({ now: () => performance.now() });
    const onFailure = (error: unknown) =>
      log({ level: "error", event: "request_failed", mayRepeat: true, ...errorFields(error) });
    const onAnswer = (answered: Answered) => log({ level: "debug", event: "request_answered", ...describe(answered) });
    const app = createApp({
      store,
      loopback,
      version: VERSION,
      now,
      stopping: signal,
      tails,
      streams,
      connections,
      bodyTimeoutMs,
      usage,
      onFailure,
      ...(writes("debug") && { onAnswer }),
    });
    const listener = listen({ app, hostname: host, port, tails, streams, connections, onFailure, ...(tls && { tls }) });
    const started = `logctl ${VERSION} collects at ${listener.url} into ${db}`;
    const fields = { version: VERSION, url: listener.url, database: db, pid };
    announce({ level: "info", event: "collector_started", message: started, fields }, `${started}\n`);
    if (!tokensMade) announce({ level: "warn", event: "demo_tokens_accepted", message: DEMO_WARNING }, demoNotice(db));
    await untilStopped(signal);
    const stopping = "logctl is stopping: requests under way are answered first";
    announce({ level: "info", event: "collector_stopping", message: stopping }, `${stopping}\n`);
    await listener.stop(STOP_GRACE_MS);
  } finally {
    await store.close();
    close();
  }
}

/** What is to be kept free of the disk by the flag, or else the environment; undefined for the store's own choice. */
function readMinFree({ minFree }: Pick<ServeFlags, "minFree">, { env }: CliContext): number | undefined {
  if (minFree !== undefined) return parseSize("--min-free", minFree, LEAST_MIN_FREE_BYTES);
  const text = env["LOGCTL_MIN_FREE"] || undefined;
  return text === undefined ? undefined : parseSize("LOGCTL_MIN_FREE", text, LEAST_MIN_FREE_BYTES);
}

function describe({ method, route, status, ms }: Answered): Pick<LogEvent, "message" | "fields"> {
  return { message: `${method} ${route}`, fields: { status, ms: Math.round(ms * 10) / 10 } };
}

function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function needsTls(host: string): LogctlError {
  const remedy = "give it --tls-cert and --tls-key, or --insecure-http where a proxy or a private network protects them";
  return new LogctlError(
    "usage",
    `--host ${host} can be reached from outside, and tokens and logs would go unencrypted: ${remedy}`,
  );
}

function needsToken(host: string, db: string): LogctlError {
  const command = `logctl token create --db ${db} --name <name> --service <service>`;
  return new LogctlError(
    "usage",
    `--host ${host} can be reached from outside, and no token was made yet: make one with ${command}`,
  );
}

const DEMO_WARNING =
  "no token was made yet: reading needs none, and the demo tokens are accepted, from this machine only; the first token that is made ends that";

function demoNotice(db: string): string {
  const tokens = Object.entries(DEMO_TOKENS).map(([service, token]) => `  ${token} writes as ${service}\n`);
  return [
    "No token was made yet: reading needs none, and these demo tokens are accepted, from this machine only.\n",
    ...tokens,
    "Try it:      logctl simulate --count=3, then logctl query\n",
    `For good:    logctl token create --db ${db} --name payments --service payments; demo tokens end with the first\n`,
  ].join("");
}
