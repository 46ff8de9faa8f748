import { type Expected, REGEX, SERVICE, sortCounts } from "./expected.ts";
import { NotAvailable } from "./not-available.ts";
import { ABSENT, type Answer, type Asker, LATEST, MOST, type QuestionName } from "./questions.ts";
import { PHRASE, RARE_RECORDS, RARE_WORD } from "./records.ts";
import { type Collector, countRecords, getAnswer } from "./systems.ts";

type Paths = Partial<Record<QuestionName, string>>;

/** logctl's own language: quotes make words a phrase, `*part*` finds it anywhere, `/regex/` in the message. */
function logctlPaths({ userId }: Expected): Paths {
  return {
    substring: `/logs/stats?q=${encodeURIComponent(`*${ABSENT}*`)}`,
    phrase: `/logs/stats?q=${encodeURIComponent(`"${PHRASE}"`)}`,
    regex: `/logs/stats?q=${encodeURIComponent(`/${REGEX}/`)}`,
    rareWord: `/logs?q=${RARE_WORD}&limit=${LATEST}`,
    bySeverity: "/logs/stats?by=severity",
    byMinute: "/logs/stats?interval=1m",
    latestOfService: `/logs?service=${SERVICE}&limit=${LATEST}`,
    latestErrors: `/logs?severity=ERROR&limit=${LATEST}`,
    attribute: `/logs?q=${encodeURIComponent(`user_id=${userId}`)}&limit=${MOST}`,
  };
}

/** SQLite has no regular expressions. */
function sqlitePaths({ userId }: Expected): Paths {
  return {
    substring: `/logs/stats?text=${ABSENT}`,
    phrase: `/logs/stats?text=${encodeURIComponent(PHRASE)}`,
    rareWord: `/logs?text=${RARE_WORD}&limit=${LATEST}`,
    bySeverity: "/logs/stats?by=severity",
    byMinute: "/logs/stats?by=minute",
    latestOfService: `/logs?service=${SERVICE}&limit=${LATEST}`,
    latestErrors: `/logs?severity=ERROR&limit=${LATEST}`,
    attribute: `/logs?user_id=${userId}&limit=${MOST}`,
  };
}

/** Only what a full-text index changes: for the rest this collector is the one without. */
const FTS5_PATHS: Paths = {
  phrase: `/logs/stats?match=${encodeURIComponent(`"${PHRASE}"`)}`,
  rareWord: `/logs?match=${RARE_WORD}&limit=${LATEST}`,
};

/** Questions that a logctl without the whole query language would take for words, and answer wrongly. */
const NEEDS_LANGUAGE: readonly QuestionName[] = ["substring", "regex", "attribute"];
/** A part of RARE_WORD: found by a logctl that searches inside words. Also shows that ABSENT is searched for in earnest. */
const CONTROL = `*${RARE_WORD.slice(2, -1)}*`;

export async function askCollector(system: Collector, expected: Expected): Promise<Asker> {
  const asker: Asker = { name: system.name, ask: {} };
  const paths = { logctl: logctlPaths, sqlite: sqlitePaths, fts5: () => FTS5_PATHS }[system.name](expected);
  for (const [question, path] of Object.entries(paths)) {
    asker.ask[question as QuestionName] = () => readAnswer(system, question as QuestionName, path);
  }
  if (system.name === "logctl" && !(await searchesInsideWords(system))) {
    for (const question of NEEDS_LANGUAGE) {
      asker.ask[question] = async () => {
        throw new NotAvailable(`q=${CONTROL} does not find the ${RARE_RECORDS} records with '${RARE_WORD}'`);
      };
    }
  }
  return asker;
}

async function searchesInsideWords(system: Collector): Promise<boolean> {
  try {
    return (await countRecords(system, `?q=${encodeURIComponent(CONTROL)}`)) === RARE_RECORDS;
  } catch (error) {
    if (error instanceof NotAvailable) return false;
    throw error;
  }
}

type Row = { service?: unknown; severity?: unknown };
type Counts = { count?: unknown; groups?: { count?: unknown }[] };

async function readAnswer(system: Collector, question: QuestionName, path: string): Promise<Answer> {
  const answer = (await (await getAnswer(system, path)).json()) as Row[] | Counts;
  if (!Array.isArray(answer)) return sortedCounts(answer);
  if (question === "latestOfService") return [answer.filter((row) => row.service === SERVICE).length];
  if (question === "latestErrors") return [answer.filter((row) => row.severity === "ERROR").length];
  return [answer.length];
}

function sortedCounts({ count, groups }: Counts): Answer {
  return groups === undefined ? [Number(count)] : sortCounts(groups.map((group) => Number(group.count)));
}
