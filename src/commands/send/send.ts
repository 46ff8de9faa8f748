import { type Command, Option } from "commander";
import type { Connection } from "../../client/connection.ts";
import { encodeMessage, type RecordDefaults } from "../../client/encode-line.ts";
import { sendLines } from "../../client/send-lines.ts";
import type { SpoolPolicy } from "../../client/spool/spool-policy.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { DEMO_SERVICES } from "../../schema/demo-tokens.ts";
import { addConnectionOptions, type ConnectionFlags } from "../options/connection-options.ts";
import { connectAs, hasToken } from "../options/demo-connection.ts";
import { addRecordOptions, type RecordFlags, recordDefaults } from "../options/record-options.ts";
import { refuseWords } from "../options/refuse-words.ts";
import { addSpoolOptions, readSpoolPolicy, type SpoolFlags } from "../options/spool-options.ts";
import { createDeliveryTally } from "../report/delivery-tally.ts";
import { createProgressLine } from "../report/progress-line.ts";
import { endSending, failureOf, storedLine } from "./end-sending.ts";
import { openSender, openSenderDelivery } from "./open-sender.ts";

type SendFlags = ConnectionFlags & RecordFlags & SpoolFlags & { message?: string };

const EXAMPLES = `
Examples:
  logctl send --service reports --severity ERROR --message "disk is full" --attribute free_bytes=0
  my-app 2>&1 | logctl send --service reports
  logctl send                                    asks for everything, on a terminal

From a pipe each line is a log: a JSON object with a message as the record it is, any other line as a message.
An empty pipe is nothing to send, and no failure. Without a token, the demo services (${DEMO_SERVICES.join(", ")}) use
their demo tokens, towards a collector on this machine only.

While the collector is away, logs wait on disk and go out in order when it is back; what is left at the end is told, with exit
code 5, and goes out with the next send, or by logctl spool drain.`;

export function registerSend(program: Command, context: CliContext): void {
  const command = program
    .command("send")
    .description("write a log: by flags, by answering questions, or line by line from a pipe");
  addRecordOptions(refuseWords(command, "to send it", "--message")).addOption(
    new Option("--message <text>", "what happened; without it, logs are read from stdin"),
  );
  addSpoolOptions(addConnectionOptions(command, context))
    .addHelpText("after", EXAMPLES)
    .action((flags: SendFlags) => runSend(flags, context));
}

async function runSend(flags: SendFlags, context: CliContext): Promise<void> {
  const given = flags.message === undefined && context.stdin.isTTY ? { ...flags, ...(await ask(flags, context)) } : flags;
  if (given.service === undefined && !hasToken(given, context)) {
    const services = DEMO_SERVICES.join(", ");
    throw new LogctlError(
      "usage",
      `nothing says who writes: give --service (${services}), or a token by LOGCTL_TOKEN or --token-file`,
    );
  }
  if (given.message?.trim() === "") throw new LogctlError("usage", "--message is blank; a log says something");
  const connection = await connectAs(given.service, given, context);
  if (given.message === undefined) await sendInput(connection, given, context);
  else await sendMessage(connection, given.message, given, context);
}

/** The questions are loaded only where they are asked. */
async function ask(flags: SendFlags, context: CliContext) {
  if (!context.stdout.isTTY) throw new LogctlError("usage", "--message is missing, and there is no terminal to ask on");
  const { askForRecord } = await import("./ask-for-record.ts");
  return askForRecord({
    service: flags.service === undefined && !hasToken(flags, context),
    severity: flags.severity === undefined,
    signal: context.signal,
  });
}

/** Sends one record. Throws the error for which it is refused. */
async function sendMessage(connection: Connection, message: string, flags: SendFlags, context: CliContext): Promise<void> {
  const policy = readSpoolPolicy(flags, context);
  const tallies = { own: createDeliveryTally(), earlier: createDeliveryTally() };
  const delivery = openSenderDelivery(policy, context);
  // That it waits is told at the end, which is soon.
  const say = (line: string, about: string) => void (about === "spool" && context.stderr.write(`${line}\n`));
  const outbox = openSender(
    { connection, delivery, policy, keeps: "unless_refused", tallies, say, away: { isTold: false } },
    context,
  );
  const record = encodeMessage(message, defaultsOfNow(flags, policy, context));
  const sent = outbox.take([record], ({ answer }) => {
    const [refusal] = answer.errors;
    tallies.own.add(answer, () => "not stored");
    if (answer.rejected === 0) return;
    const { code, message: reason } = refusal ?? { code: "not_all_stored", message: "the collector gives no reason" };
    throw new LogctlError(code, `not stored, ${code}: ${reason}`);
  });
  await endSending({ outbox, tallies, connection, failure: await failureOf(sent) }, context);
}

/** Sends what comes from stdin, line by line, and says what became of it. */
async function sendInput(connection: Connection, flags: SendFlags, context: CliContext): Promise<void> {
  const { stdin, stderr, signal, now } = context;
  const policy = readSpoolPolicy(flags, context);
  const tallies = { own: createDeliveryTally(), earlier: createDeliveryTally() };
  const progress = createProgressLine(stderr, now);
  const delivery = openSenderDelivery(policy, context);
  const say = (line: string) => {
    progress.clear();
    stderr.write(`${line}\n`);
  };
  const outbox = openSender({ connection, delivery, policy, keeps: "all", tallies, say, away: { isTold: false } }, context);
  const lines = sendLines({
    chunks: stdin.chunks(),
    defaults: () => defaultsOfNow(flags, policy, context),
    outbox,
    onAnswer(answer, lineNumbers) {
      tallies.own.add(answer, (index) => `line ${lineNumbers[index]}`);
      progress.show(() => storedLine(tallies));
    },
    signal,
  });
  const failure = await failureOf(lines.done);
  await endSending({ outbox, tallies, connection, failure, lines: { progress, unconfirmed: lines.unconfirmed } }, context);
}

/** What a record gets where it says nothing itself: where it may wait on disk, also the time, which is that of now. */
function defaultsOfNow(flags: RecordFlags, policy: SpoolPolicy | undefined, { now }: CliContext): RecordDefaults {
  const defaults = recordDefaults(flags);
  return policy === undefined ? defaults : { timestamp: new Date(now()).toISOString(), ...defaults };
}
