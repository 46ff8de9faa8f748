import { type Command, Option } from "commander";
import type { DeliveredPart } from "../../client/delivery.ts";
import type { Outbox } from "../../client/outbox.ts";
import { sleep } from "../../client/retry.ts";
import { readServerAddress } from "../../client/server-address.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { DEMO_SERVICES } from "../../schema/demo-tokens.ts";
import { createGenerator } from "../../simulate/generator.ts";
import { createJournal, type Journal } from "../../simulate/journal.ts";
import { createPace } from "../../simulate/pace.ts";
import { runSimulation } from "../../simulate/run-simulation.ts";
import { addConnectionOptions, type ConnectionFlags, connect } from "../options/connection-options.ts";
import { connectAs, hasToken } from "../options/demo-connection.ts";
import { parseWholeNumber } from "../options/parse-whole-number.ts";
import { parseService } from "../options/record-options.ts";
import { addSpoolOptions, readSpoolPolicy, type SpoolFlags } from "../options/spool-options.ts";
import { createDeliveryTally } from "../report/delivery-tally.ts";
import { createSimulationReport } from "../report/simulation-report.ts";
import { sumOf } from "../report/spool-report.ts";
import { openSender, openSenderDelivery } from "../send/open-sender.ts";
import { verifySimulation } from "./verify-simulation.ts";

type SimulateFlags = ConnectionFlags &
  SpoolFlags & {
    mode: "single" | "batch";
    interval: number;
    batchSize: number;
    count: number;
    rate?: number;
    services?: string[];
    seed?: number;
    verify?: true;
  };

const MAX_INTERVAL_S = 86_400;
const MAX_SEED = 2 ** 32 - 1;

/** Longer than any restart: what is to be verified should not be given up on the way. */
const VERIFY_RETRY_MS = 300_000;

const NOTES = `
Examples:
  logctl simulate                                       a record every 2 s, until Ctrl-C
  logctl simulate --mode=batch --batch-size=3 --interval=1 --count=5     15 records
  logctl simulate --mode=batch --batch-size=1000 --rate=50000
  logctl simulate --rate=1000 --count=10000 --verify    kill the collector meanwhile: is each record stored once?

Without a token the demo services (${DEMO_SERVICES.join(", ")}) write in turn, with their demo tokens, to a collector on
this machine. Ctrl-C is how a simulation without --count ends (exit 0); before --count is reached it is an interruption (130).`;

export function registerSimulate(program: Command, context: CliContext): void {
  const command = program.command("simulate").description("write made-up logs, to try a collector or to load it");
  const mode = new Option("--mode <mode>", "one record a request, or a batch").choices(["single", "batch"]).default("single");
  const interval = new Option("--interval <seconds>", "from one request to the next; may be a fraction, or 0").default(2);
  const batchSize = new Option("--batch-size <n>", "records a request, in batch mode").default(5);
  const count = new Option("--count <n>", "requests to send; 0 for no end").default(0);
  const rate = new Option("--rate <n>", "records per second, instead of --interval").conflicts("interval");
  const services = new Option("--services <a,b,c>", "the services that write, in turn (default: the token's)");
  const verify = new Option("--verify", "number the records, and in the end read them back: is each stored exactly once?");
  const seed = new Option("--seed <n>", "the same seed makes up the same logs");
  command
    .addOption(mode)
    .addOption(interval.argParser((text) => parseNumber("--interval", text, (value) => value >= 0, "of seconds from 0")))
    .addOption(batchSize.argParser((text) => parseWholeNumber("--batch-size", text, 1, 100_000)))
    .addOption(count.argParser((text) => parseWholeNumber("--count", text, 0)))
    .addOption(rate.argParser((text) => parseNumber("--rate", text, (value) => value > 0, "of records per second above 0")))
    .addOption(services.argParser(parseServices))
    .addOption(seed.argParser((text) => parseWholeNumber("--seed", text, 0, MAX_SEED)))
    .addOption(verify);
  addSpoolOptions(addConnectionOptions(command, context))
    .addHelpText("after", NOTES)
    .action((flags: SimulateFlags) => runSimulate(flags, context));
}

async function runSimulate(flags: SimulateFlags, context: CliContext): Promise<void> {
  const { signal, now } = context;
  const recordsPerRequest = flags.mode === "batch" ? flags.batchSize : 1;
  const intervalMs = readIntervalMs(flags, recordsPerRequest);
  const services = flags.services ?? (hasToken(flags, context) ? [undefined] : DEMO_SERVICES);
  const connections = new Map(
    await Promise.all(services.map(async (service) => [service, await connectAs(service, flags, context)] as const)),
  );
  const journal = flags.verify && createJournal(crypto.randomUUID());
  // What waits on disk is not told by number: what is to be verified waits in memory.
  const policy = journal === undefined ? readSpoolPolicy(flags, context) : undefined;
  const delivery = openSenderDelivery(policy, context, journal && { retryForMs: VERIFY_RETRY_MS });
  const report = createSimulationReport(context, intervalMs);
  const tallies = { own: report.tally, earlier: createDeliveryTally() };
  const away = { isTold: false };
  const outboxes = new Map<string, Outbox>();
  for (const connection of connections.values()) {
    if (outboxes.has(connection.tokenDigest)) continue;
    outboxes.set(
      connection.tokenDigest,
      openSender({ connection, delivery, policy, keeps: "after_contact", tallies, say: report.say, away }, context),
    );
  }
  const generate = createGenerator(flags.seed ?? Math.floor(Math.random() * MAX_SEED), now);
  const full = new AbortController();
  let numbered = 0;
  let isAnswered = false;
  const failure = await runSimulation({
    requests: flags.count,
    recordsPerRequest,
    services,
    generate: journal === undefined ? generate : (service) => journal.number(generate(service)),
    async deliver(service, records) {
      const request = report.begin(service, records.length);
      const connection = connections.get(service);
      const first = numbered + 1;
      numbered += records.length;
      const onPart = (part: DeliveredPart) => {
        isAnswered = true;
        request.onPart(part);
        journal?.acknowledge(first + part.first, part.count, part.answer);
      };
      const became = await outboxes.get(connection?.tokenDigest ?? "")?.take(records, onPart);
      request.end(became !== "answered");
      if (became === "end") full.abort();
    },
    pace: createPace({ intervalMs, now, sleep, signal }),
    signal: AbortSignal.any([signal, full.signal]),
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const summary = sumOf(await Promise.all([...outboxes.values()].map((outbox) => outbox.finish())), policy?.base);
  const told = reportFailure(() => report.finish(flags.count, failure ?? summary.failure, summary, readServerAddress(flags.url)));
  if (journal !== undefined && isAnswered) await verify(journal, flags, context);
  if (told !== undefined) throw told;
}

/** What the report of a simulation ends with; there may be something to verify first. */
function reportFailure(finish: () => void): unknown {
  try {
    finish();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Ctrl-C ended the simulation, not what is to be said of it: a second one does. */
async function verify(journal: Journal, flags: ConnectionFlags, context: CliContext): Promise<void> {
  const { signal } = new AbortController();
  const connection = await connect(flags, { ...context, signal });
  await verifySimulation({ connection, journal, retryForMs: VERIFY_RETRY_MS, sleep, signal }, context);
}

function readIntervalMs({ interval, rate }: SimulateFlags, recordsPerRequest: number): number {
  const seconds = rate === undefined ? interval : recordsPerRequest / rate;
  if (seconds <= MAX_INTERVAL_S) return seconds * 1000;
  throw new LogctlError("usage", `a request every ${seconds} s is less than one a day; make the interval smaller`);
}

function parseNumber(flag: string, text: string, isValid: (value: number) => boolean, expected: string): number {
  const value = Number(text);
  if (/^(?:\d+\.?\d*|\.\d+)$/.test(text) && isValid(value)) return value;
  throw new LogctlError("usage", `${flag} '${text}' is no number ${expected}`);
}

function parseServices(text: string): string[] {
  return text.split(",").map((name) => parseService(name.trim()));
}
