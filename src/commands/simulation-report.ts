import type { DeliveredPart } from "../client/delivery.ts";
import type { CliContext } from "../context.ts";
import { LogctlError } from "../errors.ts";
import { countOf, createDeliveryTally } from "./delivery-tally.ts";
import { createProgressLine } from "./progress-line.ts";

export type SimulationReport = {
  /** A request begins; its parts are told as they are answered, and its end. */
  begin(service: string | undefined, records: number): { onPart(part: DeliveredPart): void; end(): void };
  /**
   * Writes the summary and throws what the command fails with, if anything: `failure` as it is; `interrupted` where
   * fewer than `requests` were sent (0: no end was set, so that stopping is no interruption) or one is left without an
   * answer; otherwise as the tally says.
   */
  finish(requests: number, failure: unknown): void;
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

  function begin(service: string | undefined, records: number) {
    const before = { stored: tally.stored(), refused: tally.refused() };
    sent += records;
    requests += 1;
    const number = requests;
    return {
      onPart({ answer, first }: DeliveredPart) {
        tally.add(answer, (index) => `request ${number}, record ${first + index + 1}`);
      },
      end() {
        ended += 1;
        if (intervalMs < READABLE_INTERVAL_MS) return progress.show(totals);
        const refused = tally.refused() - before.refused;
        const became = `${tally.stored() - before.stored} stored${refused > 0 ? `, ${refused} refused` : ""}`;
        stderr.write(`request ${number}: ${service === undefined ? "" : `${service}, `}${became}\n`);
      },
    };
  }

  function finish(wanted: number, failure: unknown): void {
    progress.clear();
    const unanswered = sent - tally.stored() - tally.refused();
    // Where the very first contact fails, the failure itself says all there is to say.
    if (unanswered < sent || failure === undefined || signal.aborted) {
      for (const line of tally.refusalLines()) stderr.write(`${line}\n`);
      const unknown = unanswered > 0 ? `, ${unanswered} not known to be stored` : "";
      stderr.write(`${totals()}${unknown}, took ${((now() - startedAtMs) / 1000).toFixed(1)} s\n`);
    }
    if (failure !== undefined) throw failure;
    if (signal.aborted && ended < wanted) throw new LogctlError("interrupted", "interrupted");
    const refusal = tally.failure();
    if (refusal !== undefined) throw refusal;
  }

  return { begin, finish };
}
