import type { Connection } from "../../client/connection.ts";
import type { Outbox } from "../../client/outbox.ts";
import { deadFolderOf } from "../../client/spool/spool.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { countOf, type DeliveryTally } from "../report/delivery-tally.ts";
import type { ProgressLine } from "../report/progress-line.ts";
import { damagedError, lossLines, spooledError } from "../report/spool-report.ts";

export type SendingTallies = { own: DeliveryTally; earlier: DeliveryTally };

export type EndSendingOptions = {
  outbox: Outbox;
  connection: Connection;
  tallies: SendingTallies;
  /** What ended the sending, if it failed. */
  failure: unknown;
  /** There where lines were read. */
  lines?: { progress: ProgressLine; unconfirmed: () => number };
};

/** What a promise fails with. */
export function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** `stored 3 records, refused 1`. */
export function storedLine({ own, earlier }: SendingTallies): string {
  const refused = own.refused() > 0 ? `, refused ${own.refused()}` : "";
  return `stored ${countOf(own.stored(), "record")}${refused}${earlier.stored() > 0 ? `, and ${earlier.stored()} that had waited` : ""}`;
}

/**
 * Lets what waits go out, says on stderr what became of everything, and throws what the command fails with: `failure`,
 * `spooled` where something still waits, `interrupted`, or as the tallies say.
 */
export async function endSending(options: EndSendingOptions, { signal, stderr }: CliContext): Promise<void> {
  const { outbox, connection, tallies, lines } = options;
  const summary = await outbox.finish();
  lines?.progress.clear();
  const say = (line: string) => stderr.write(`${line}\n`);
  const { own, earlier } = tallies;
  const failure = options.failure ?? summary.failure;
  const spooled = spooledError(summary.waiting, summary.folder, connection.baseUrl);
  const isAnswered = [own, earlier].some((tally) => tally.stored() + tally.refused() > 0);
  const isOneRefused = lines === undefined && options.failure !== undefined;
  if (lines !== undefined && !isAnswered && failure === undefined && spooled === undefined && !signal.aborted) {
    say("nothing to send: the input has no lines");
  }
  const unconfirmed = lines?.unconfirmed() ?? 0;
  const isLost = spooled !== undefined && unconfirmed > 0;
  // Where the very first contact fails, the failure itself says all there is to say.
  if (!isOneRefused && (isAnswered || isLost || (lines !== undefined && signal.aborted))) {
    for (const line of [...own.refusalLines(), ...earlier.refusalLines()]) say(line);
    if (own.refused() + earlier.refused() > 0 && summary.folder !== undefined)
      say(`what was refused is kept in ${deadFolderOf(summary.folder)}`);
    say(`${storedLine(tallies)}${unconfirmed > 0 ? `; ${unconfirmed} more were read and are not known to be stored` : ""}`);
  }
  for (const line of lossLines(summary)) say(line);
  if (failure !== undefined && spooled !== undefined) say(spooled.message);
  const interrupted = lines !== undefined && signal.aborted ? new LogctlError("interrupted", "interrupted") : undefined;
  const end = failure ?? spooled ?? interrupted ?? own.failure() ?? earlier.failure() ?? damagedError(summary);
  if (end !== undefined) throw end;
}
