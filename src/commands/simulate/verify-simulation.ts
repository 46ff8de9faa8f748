import type { Connection } from "../../client/connection.ts";
import { readRecords } from "../../client/read/read-records.ts";
import { jitteredDelayMs, type Sleep } from "../../client/retry.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import type { Account, Journal } from "../../simulate/journal.ts";
import { countOf } from "../report/delivery-tally.ts";

export type VerifyOptions = {
  /** As whom records are read. */
  connection: Connection;
  journal: Journal;
  /** How long the collector may be away. */
  retryForMs: number;
  sleep: Sleep;
  /** Ends the reading. */
  signal: AbortSignal;
};

/**
 * Reads back what a simulation stored, says on stderr what became of each record, and throws `not_exactly_once` where one
 * that was acknowledged is not there, or is there more than once.
 */
export async function verifySimulation(options: VerifyOptions, { stderr, now }: CliContext): Promise<void> {
  const { journal, retryForMs, sleep, signal } = options;
  const startedAtMs = now();
  for (let attempt = 0; ; attempt += 1) {
    try {
      await readBack(options);
      break;
    } catch (error) {
      // A collector that is being started again will answer; what was read so far is read anew.
      const isAway = error instanceof LogctlError && (error.code === "unreachable" || error.code === "store_unavailable");
      if (!isAway || now() - startedAtMs > retryForMs) throw error;
      journal.startOver();
      await sleep(jitteredDelayMs(attempt, Math.random), signal);
    }
  }
  const account = journal.account();
  stderr.write(`${sentenceOf(journal, account)}\n`);
  if (account.lost + account.doubled === 0) return;
  throw new LogctlError("not_exactly_once", `not every record is stored exactly once: ${examplesOf(account)}`);
}

async function readBack({ connection, journal, signal }: VerifyOptions): Promise<void> {
  const filter = new URLSearchParams({ q: `simulation:${journal.simulation}`, limit: "all" });
  for await (const lines of readRecords(connection, filter, signal)) {
    for (const line of lines) {
      const { attributes } = JSON.parse(line) as { attributes: Record<string, unknown> };
      if (attributes["simulation"] !== journal.simulation) continue;
      if (journal.found(attributes["number"] as number)) continue;
      throw new LogctlError(
        "not_exactly_once",
        `a record is stored that was never sent, with the number ${attributes["number"]}`,
      );
    }
  }
}

function sentenceOf({ simulation }: Journal, { stored, lost, doubled, unacknowledged, absent }: Account): string {
  const unanswered = unacknowledged + absent;
  const rest = unanswered > 0 ? `; ${unanswered} were not acknowledged, of which ${unacknowledged} are stored` : "";
  const acknowledged = countOf(stored + lost + doubled, "record");
  return `verified simulation ${simulation}: of ${acknowledged} acknowledged ${stored} are stored once, ${lost} lost, ${doubled} doubled${rest}`;
}

function examplesOf({ lost, doubled, examples }: Account): string {
  const parts = [];
  if (lost > 0) parts.push(`lost are ${lost}, such as the number ${examples.lost.join(", ")}`);
  if (doubled > 0) parts.push(`doubled are ${doubled}, such as the number ${examples.doubled.join(", ")}`);
  return parts.join("; ");
}
