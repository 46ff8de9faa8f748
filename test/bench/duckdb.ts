import { SEVERITIES } from "../../src/schema/severity.ts";
import { type Expected, REGEX, SERVICE, sortCounts } from "./expected.ts";
import { ABSENT, type Asker, LATEST, MOST } from "./questions.ts";
import { PHRASE, RARE_WORD } from "./records.ts";
import type { System } from "./systems.ts";

type DuckDb = System<"duckdb">;

/** Runs a statement and gives its rows, whole numbers as text; throws with DuckDB's own words. */
export async function runSql({ server, token }: DuckDb, sql: string): Promise<unknown[][]> {
  const response = await fetch(`http://127.0.0.1:${server.port}/`, {
    method: "POST",
    headers: { Authorization: `Token ${token}` },
    body: sql,
    timeout: false,
  });
  if (response.status !== 200) throw new Error(`duckdb: ${await response.text()}, for ${sql}`);
  return (await response.json()) as unknown[][];
}

/** A string literal. */
export function quoteSql(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Loads the file in one go, and gives how many records it has. Attributes stay JSON: whoever collects logs does not know them before. */
export async function loadDuckDb(system: DuckDb, path: string): Promise<number> {
  const columns = "timestamp: 'TIMESTAMP_MS', service: 'VARCHAR', severity: 'VARCHAR', message: 'VARCHAR', attributes: 'JSON'";
  await runSql(system, `CREATE TYPE severity AS ENUM (${SEVERITIES.map(quoteSql).join(", ")})`);
  await runSql(
    system,
    `CREATE TABLE log AS SELECT timestamp, service, severity::severity AS severity, message, attributes
     FROM read_json(${quoteSql(path)}, format = 'newline_delimited', columns = {${columns}})`,
  );
  await runSql(system, "CHECKPOINT");
  return Number((await runSql(system, "SELECT count(*) FROM log"))[0]?.[0]);
}

function containing(text: string): string {
  return `contains(message, ${quoteSql(text)}) OR contains(attributes::VARCHAR, ${quoteSql(text)})`;
}

export function askDuckDb(system: DuckDb, { userId }: Expected): Asker {
  const count = (where: string) => async () => {
    const rows = await runSql(system, `SELECT count(*) FROM log WHERE ${where}`);
    return [Number(rows[0]?.[0])];
  };
  const groups = (by: string) => async () => {
    const rows = await runSql(system, `SELECT ${by}, count(*) FROM log GROUP BY 1`);
    return sortCounts(rows.map((row) => Number(row[1])));
  };
  const rows = (where: string, limit: number) => async () => [
    (await runSql(system, `SELECT * FROM log WHERE ${where} ORDER BY timestamp DESC LIMIT ${limit}`)).length,
  ];
  return {
    name: "duckdb",
    ask: {
      substring: count(containing(ABSENT)),
      phrase: count(containing(PHRASE)),
      regex: count(`regexp_matches(message, ${quoteSql(REGEX)})`),
      rareWord: rows(containing(RARE_WORD), LATEST),
      bySeverity: groups("severity"),
      // As exact as date_trunc('minute', timestamp), and quicker.
      byMinute: groups("epoch_ms(timestamp) // 60000"),
      latestOfService: rows(`service = ${quoteSql(SERVICE)}`, LATEST),
      latestErrors: rows("severity = 'ERROR'", LATEST),
      attribute: rows(`(attributes ->> '$.user_id') = '${userId}'`, MOST),
    },
  };
}
