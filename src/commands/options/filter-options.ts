import type { Command } from "commander";
import { LogctlError } from "../../errors.ts";
import { addPattern } from "../../query/add-pattern.ts";
import { parseQuery } from "../../query/parse-query.ts";
import { parseTimeExpression } from "../../query/time-expression.ts";
import { SEVERITIES, severityIndexOfWord } from "../../schema/severity.ts";
import { parseTimestamp } from "../../schema/timestamp.ts";

export type FilterFlags = {
  service?: string[];
  severity?: string[];
  minSeverity?: string;
  since?: string;
  until?: string;
  receivedSince?: string;
  receivedUntil?: string;
  q?: string;
  grep?: string;
};

/** The flags that say which records are meant. */
export function addFilterOptions(command: Command): Command {
  return command
    .option("--service <name...>", "of this service, or one of these")
    .option("--severity <word...>", "of this severity, or one of these")
    .option("--min-severity <word>", "of this severity or worse")
    .option("--since <time>", "which happened then or later")
    .option("--until <time>", "which happened then or earlier")
    .option("--received-since <time>", "which were received then or later")
    .option("--received-until <time>", "which were received then or earlier")
    .option("-q, --q <query>", 'which match: words, "phrases", field:value, AND OR NOT ( )')
    .option("-g, --grep <regex>", "whose message matches; in any case unless there is an upper-case letter");
}

/** The filter as parameters of `GET /logs`. Throws `usage` or `invalid_query`, before anything is sent, for what cannot be meant. */
export function filterParameters(flags: FilterFlags, nowMs: number): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const service of flags.service ?? []) parameters.append("service", service);
  for (const word of flags.severity ?? []) parameters.append("severity", checkSeverity("--severity", word));
  if (flags.minSeverity !== undefined) parameters.set("min_severity", checkSeverity("--min-severity", flags.minSeverity));
  const addTime = (name: string, flag: string, edge: "start" | "end", text: string | undefined) => {
    if (text !== undefined) parameters.set(name, parseTimeExpression(text, { flag, edge, nowMs }));
  };
  addTime("timestamp_start", "--since", "start", flags.since);
  addTime("timestamp_end", "--until", "end", flags.until);
  addTime("received_at_start", "--received-since", "start", flags.receivedSince);
  addTime("received_at_end", "--received-until", "end", flags.receivedUntil);
  checkSpan(parameters, ["timestamp_start", "--since", flags.since], ["timestamp_end", "--until", flags.until]);
  checkSpan(
    parameters,
    ["received_at_start", "--received-since", flags.receivedSince],
    ["received_at_end", "--received-until", flags.receivedUntil],
  );
  if (flags.q !== undefined) parseQuery(flags.q);
  const query = flags.grep === undefined ? flags.q : addPattern(flags.q, flags.grep, "--grep");
  if (query !== undefined) parameters.set("q", query);
  return parameters;
}

type Edge = [parameter: string, flag: string, text: string | undefined];

/** Nothing can lie in a span that ends before it begins: somebody took one for the other. */
function checkSpan(parameters: URLSearchParams, [startName, startFlag, start]: Edge, [endName, endFlag, end]: Edge): void {
  const [from, to] = [startName, endName].map((name) => parseTimestamp(parameters.get(name)));
  if (from === undefined || to === undefined) return;
  if (from.ms < to.ms || (from.ms === to.ms && from.nanos <= to.nanos)) return;
  throw new LogctlError("usage", `${startFlag} '${start}' lies after ${endFlag} '${end}': nothing can be found; swap them`);
}

function checkSeverity(flag: string, word: string): string {
  if (severityIndexOfWord(word) >= 0) return word;
  throw new LogctlError("usage", `${flag} '${word}' is no severity; use one of ${SEVERITIES.join(", ")}`);
}
