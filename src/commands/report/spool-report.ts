import type { OutboxSummary } from "../../client/outbox.ts";
import { DEFAULT_URL } from "../../client/server-address.ts";
import { LogctlError } from "../../errors.ts";
import { countOf } from "./delivery-tally.ts";

export type Losses = Pick<OutboxSummary, "dropped" | "tooOld" | "notKept" | "damaged">;

/** What a spool gave up, a line each. */
export function lossLines({ dropped, tooOld, notKept, damaged }: Losses): string[] {
  const lines = [];
  if (dropped > 0) lines.push(`dropped ${countOf(dropped, "record")} that had waited longest: the spool was full`);
  if (tooOld > 0) lines.push(`dropped ${countOf(tooOld, "record")} that had waited for longer than --spool-max-age`);
  if (notKept > 0) lines.push(`${countOf(notKept, "refused record")} could not be kept: there is no room for more`);
  if (damaged > 0) lines.push(`${countOf(damaged, "part")} of the spool could not be read, and what is there is kept in dead/`);
  return lines;
}

/** What a command ends with where all went well but that something in a spool was damaged. */
export function damagedError({ damaged }: Pick<Losses, "damaged">): LogctlError | undefined {
  if (damaged === 0) return undefined;
  return new LogctlError(
    "spool_damaged",
    "not all that waited could be read, and so be delivered; logctl spool status names the folder",
  );
}

/** What a command ends with that leaves records on disk; undefined where none wait. */
export function spooledError(waiting: number, folder: string | undefined, url: string): LogctlError | undefined {
  if (waiting === 0) return undefined;
  const where = url === DEFAULT_URL ? "" : ` --url ${url}`;
  const verb = waiting === 1 ? "waits" : "wait";
  return new LogctlError(
    "spooled",
    `${countOf(waiting, "record")} ${verb} in ${folder}, not yet stored; logctl spool drain${where} delivers them once the collector is back`,
  );
}

/** Of several outboxes, whose spools are in one folder. */
export function sumOf(summaries: readonly OutboxSummary[], base: string | undefined): OutboxSummary {
  const sum = (count: (summary: OutboxSummary) => number) => summaries.reduce((total, summary) => total + count(summary), 0);
  return {
    folder: base,
    waiting: sum(({ waiting }) => waiting),
    dropped: sum(({ dropped }) => dropped),
    tooOld: sum(({ tooOld }) => tooOld),
    notKept: sum(({ notKept }) => notKept),
    damaged: sum(({ damaged }) => damaged),
    failure: summaries.find(({ failure }) => failure !== undefined)?.failure,
  };
}
