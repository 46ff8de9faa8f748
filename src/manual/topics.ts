import backup from "./backup.md" with { type: "text" };
import changes from "./changes.md" with { type: "text" };
import commandLine from "./command-line.md" with { type: "text" };
import errorCodes from "./error-codes.md" with { type: "text" };
import exitCodes from "./exit-codes.md" with { type: "text" };
import http from "./http.md" with { type: "text" };
import inside from "./inside.md" with { type: "text" };
import limits from "./limits.md" with { type: "text" };
import metrics from "./metrics.md" with { type: "text" };
import promises from "./promises.md" with { type: "text" };
import query from "./query.md" with { type: "text" };
import queryLanguage from "./query-language.md" with { type: "text" };
import records from "./records.md" with { type: "text" };
import send from "./send.md" with { type: "text" };
import serve from "./serve.md" with { type: "text" };
import simulate from "./simulate.md" with { type: "text" };
import speed from "./speed.md" with { type: "text" };
import spool from "./spool.md" with { type: "text" };
import stats from "./stats.md" with { type: "text" };
import tail from "./tail.md" with { type: "text" };
import token from "./token.md" with { type: "text" };
import tokens from "./tokens.md" with { type: "text" };
import trouble from "./trouble.md" with { type: "text" };
import verify from "./verify.md" with { type: "text" };

/** A page of the manual, in Markdown; its first line is its title. */
export type Topic = { name: string; title: string; text: string };

const PAGES: [name: string, text: string][] = [
  ["records", records],
  ["http", http],
  ["query-language", queryLanguage],
  ["stats", stats],
  ["tail", tail],
  ["tokens", tokens],
  ["limits", limits],
  ["command-line", commandLine],
  ["serve", serve],
  ["trouble", trouble],
  ["metrics", metrics],
  ["send", send],
  ["spool", spool],
  ["simulate", simulate],
  ["query", query],
  ["token", token],
  ["verify", verify],
  ["backup", backup],
  ["exit-codes", exitCodes],
  ["error-codes", errorCodes],
  ["promises", promises],
  ["speed", speed],
  ["inside", inside],
  ["changes", changes],
];

/** The pages of the manual, in the order in which one would read them. */
export const TOPICS: readonly Topic[] = PAGES.map(([name, text]) => ({
  name,
  title: text.slice(2, text.indexOf("\n")),
  text,
}));
