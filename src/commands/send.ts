import { type Command, Option } from "commander";
import type { Connection } from "../client/connection.ts";
import { openDelivery } from "../client/delivery.ts";
import { encodeMessage } from "../client/encode-line.ts";
import { sendLines } from "../client/send-lines.ts";
import type { CliContext } from "../context.ts";
import { LogctlError } from "../errors.ts";
import { DEMO_SERVICES } from "../schema/demo-tokens.ts";
import { addConnectionOptions, type ConnectionFlags } from "./connection-options.ts";
import { countOf, createDeliveryTally } from "./delivery-tally.ts";
import { connectAs, hasToken } from "./demo-connection.ts";
import { createProgressLine } from "./progress-line.ts";
import { addRecordOptions, type RecordFlags, recordDefaults } from "./record-options.ts";

type SendFlags = ConnectionFlags & RecordFlags & { message?: string };

const EXAMPLES = `
Examples:
  logctl send --service reports --severity ERROR --message "disk is full" --attribute free_bytes=0
  my-app 2>&1 | logctl send --service reports
  logctl send                                    asks for everything, on a terminal

From a pipe each line is a log: a JSON object with a message as the record it is, any other line as a message.
An empty pipe is nothing to send, and no failure. Without a token, the demo services (${DEMO_SERVICES.join(", ")}) use
their demo tokens, towards a collector on this machine only.`;

export function registerSend(program: Command, context: CliContext): void {
  const command = program
    .command("send")
    .description("write a log: by flags, by answering questions, or line by line from a pipe");
  addRecordOptions(command).addOption(new Option("--message <text>", "what happened; without it, logs are read from stdin"));
  addConnectionOptions(command, context)
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
async function sendMessage(connection: Connection, message: string, flags: RecordFlags, context: CliContext): Promise<void> {
  const { stderr, signal, now } = context;
  const record = encodeMessage(message, recordDefaults(flags));
  await openDelivery({ signal, now }).deliver(connection, [record], ({ answer }) => {
    if (answer.rejected === 0) return;
    const { code, message: reason } = answer.errors[0] ?? { code: "not_all_stored", message: "the collector gives no reason" };
    throw new LogctlError(code, `not stored, ${code}: ${reason}`);
  });
  stderr.write("stored 1 record\n");
}

/** Sends what comes from stdin, line by line, and says what became of it. */
async function sendInput(connection: Connection, flags: RecordFlags, context: CliContext): Promise<void> {
  const { stdin, stderr, signal, now } = context;
  const delivery = openDelivery({ signal, now });
  const tally = createDeliveryTally();
  const progress = createProgressLine(stderr, now);
  const summary = () => `stored ${countOf(tally.stored(), "record")}${tally.refused() > 0 ? `, refused ${tally.refused()}` : ""}`;
  const lines = sendLines({
    chunks: stdin.chunks(),
    defaults: recordDefaults(flags),
    deliver: (records, onPart) => delivery.deliver(connection, records, onPart),
    onAnswer(answer, lineNumbers) {
      tally.add(answer, (index) => `line ${lineNumbers[index]}`);
      progress.show(summary);
    },
    signal,
  });
  const failure = await lines.done.then(
    () => (signal.aborted ? new LogctlError("interrupted", "interrupted") : tally.failure()),
    (error: unknown) => error,
  );
  progress.clear();
  const isAnswered = tally.stored() + tally.refused() > 0;
  if (failure === undefined && !isAnswered) stderr.write("nothing to send: the input has no lines\n");
  // Where the very first contact fails, the failure itself says all there is to say.
  if (isAnswered || signal.aborted) {
    for (const line of tally.refusalLines()) stderr.write(`${line}\n`);
    const unconfirmed = lines.unconfirmed();
    stderr.write(`${summary()}${unconfirmed > 0 ? `; ${unconfirmed} more were read and are not known to be stored` : ""}\n`);
  }
  if (failure !== undefined) throw failure;
}
