import type { DeliveredPart } from "../../client/delivery.ts";
import type { OutboxSummary } from "../../client/outbox.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { countOf, createDeliveryTally, type DeliveryTally } from "./delivery-tally.ts";
import { createProgressLine } from "./progress-line.ts";
import { damagedError, lossLines, spooledError } from "./spool-report.ts";

export type SimulationReport = {
  /** What was answered so far. */
  readonly tally: DeliveryTally;
  /** Writes a line of its own. */
  say(line: string): void;
  /** A request begins; its parts are told as they are answered, and its end, which may be that it waits on disk. */
  begin(service: string | undefined, records: number): { onPart(part: DeliveredPart): void; end(isKept: boolean): void };
  /**
   * Writes the summary and throws what the command fails with, if anything: `failure` as it is; `spooled` where records wait
   * on disk for the collector at `url`; `interrupted` where fewer than `requests` were sent (0: no end was set, so that
   * stopping is no interruption) or one is left without an answer; otherwise as the tally says.
   */
  finish(requests: number, failure: unknown, outbox: OutboxSummary, url: string): void;
};

/** Requests that come faster than this are counted on one line instead of having one each. */
const READABLE_INTERVAL_MS = 100;

/** What `simulate` tells on stderr. */
export function createSimulationReport({ stderr, now, signal }: CliContext, intervalMs: number): SimulationReport {
  const tally = createDeliveryTally();
  const progress = createProgressLine(stderr, now);
  const startedAtMs = now();
  let sent = 0;
  let requests = 0;
  let ended = 0;

  const counts = () => `${tally.stored()} stored, ${tally.refused()} refused`;
  const totals = () => `sent ${countOf(sent, "record")} in ${countOf(requests, "request")}, ${counts()}`;

  function begin(service: string | undefined, records: number): ReturnType<SimulationReport["begin"]> {
    const before = { stored: tally.stored(), refused: tally.refused() };
    sent += records;
    requests += 1;
    const number = requests;
    return {
      onPart({ answer, first }: DeliveredPart) {
        tally.add(answer, (index) => `request ${number}, record ${first + index + 1}`);
      },
      end(isKept) {
        ended += 1;
        if (intervalMs < READABLE_INTERVAL_MS) return progress.show(totals);
        const refused = tally.refused() - before.refused;
        const stored = `${tally.stored() - before.stored} stored${refused > 0 ? `, ${refused} refused` : ""}`;
        const became = isKept ? `${records} spooled` : stored;
        stderr.write(`request ${number}: ${service === undefined ? "" : `${service}, `}${became}\n`);
      },
    };
  }

  function finish(wanted: number, failure: unknown, outbox: OutboxSummary, url: string): void {
    progress.clear();
    const spooled = spooledError(outbox.waiting, outbox.folder, url);
    const unanswered = Math.max(0, sent - tally.stored() - tally.refused() - outbox.waiting);
    // Where the very first contact fails, the failure itself says all there is to say.
    if (unanswered < sent || failure === undefined || signal.aborted) {
      for (const line of tally.refusalLines()) stderr.write(`${line}\n`);
      const unknown = unanswered > 0 ? `, ${unanswered} not known to be stored` : "";
      stderr.write(`${totals()}${unknown}, took ${((now() - startedAtMs) / 1000).toFixed(1)} s\n`);
    }
    for (const line of lossLines(outbox)) stderr.write(`${line}\n`);
    if (failure !== undefined) throw failure;
    if (spooled !== undefined) throw spooled;
    if (signal.aborted && ended < wanted) throw new LogctlError("interrupted", "interrupted");
    const refusal = tally.failure();
    if (refusal !== undefined) throw refusal;
    const damage = damagedError(outbox);
    if (damage !== undefined) throw damage;
  }

  function say(line: string): void {
    progress.clear();
    stderr.write(`${line}\n`);
  }

  return { tally, say, begin, finish };
}
