import { Database } from "bun:sqlite";
import { parseArgs } from "node:util";
import { SEVERITIES } from "../../src/schema/severity.ts";

/**
 * What logctl is measured against: the log collector one writes in an afternoon. One SQLite table with four indexes, a
 * transaction a request, each fsynced, LIKE for words; with --fts5 a full-text index as well, written in the same
 * transaction. Its own process; takes --db, and the token as BENCH_TOKEN.
 */

const { values } = parseArgs({ options: { db: { type: "string" }, fts5: { type: "boolean", default: false } } });
const database = new Database(values.db, { strict: true });
database.run("PRAGMA journal_mode=WAL");
database.run("PRAGMA synchronous=FULL");
database.run(`CREATE TABLE log (
  id INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, received_at INTEGER NOT NULL,
  service TEXT NOT NULL, severity TEXT NOT NULL, message TEXT NOT NULL, attributes TEXT
) STRICT`);
for (const column of ["timestamp", "received_at", "service", "severity"]) {
  database.run(`CREATE INDEX log_${column} ON log (${column})`);
}

if (values.fts5)
  database.run("CREATE VIRTUAL TABLE log_words USING fts5 (message, attributes, content='log', content_rowid='id')");

type Row = [timestamp: number, receivedAt: number, service: string, severity: string, message: string, attributes: string | null];
type Refusal = { index: number; code: string; field: string | null; message: string };

const insert = database.query<unknown, Row>(
  "INSERT INTO log (timestamp, received_at, service, severity, message, attributes) VALUES (?, ?, ?, ?, ?, ?)",
);
const insertWords = values.fts5
  ? database.query<unknown, [rowid: number | bigint, message: string, attributes: string | null]>(
      "INSERT INTO log_words (rowid, message, attributes) VALUES (?, ?, ?)",
    )
  : undefined;
const insertAll = database.transaction((rows: Row[]) => {
  for (const row of rows) {
    const { lastInsertRowid } = insert.run(...row);
    insertWords?.run(lastInsertRowid, row[4], row[5]);
  }
});
const severities = new Set<string>(SEVERITIES);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A record as a row, or the name of the field at fault. */
function toRow(record: unknown, receivedAt: number): Row | string {
  if (!isObject(record)) return "record";
  const { timestamp, service, severity = "INFO", message, attributes } = record;
  const at = timestamp === undefined ? receivedAt : typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(at)) return "timestamp";
  if (typeof service !== "string" || service.trim() === "" || service.length > 100) return "service";
  if (typeof severity !== "string" || !severities.has(severity.toUpperCase())) return "severity";
  if (typeof message !== "string" || message.trim() === "") return "message";
  if (attributes !== undefined && !isObject(attributes)) return "attributes";
  return [at, receivedAt, service, severity.toUpperCase(), message, attributes ? JSON.stringify(attributes) : null];
}

function parseBody(body: string, contentType: string): unknown[] {
  if (!contentType.includes("ndjson")) {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) ? value : [value];
  }
  const lines = body.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => JSON.parse(line));
}

async function ingest(request: Request): Promise<Response> {
  const receivedAt = Date.now();
  let items: unknown[];
  try {
    items = parseBody(await request.text(), request.headers.get("content-type") ?? "");
  } catch {
    return Response.json({ error: { code: "invalid_json", message: "the body is not JSON" } }, { status: 400 });
  }
  const rows: Row[] = [];
  const errors: Refusal[] = [];
  for (const [index, item] of items.entries()) {
    const row = toRow(item, receivedAt);
    if (typeof row === "string") errors.push({ index, code: "invalid", field: row, message: `${row} is not valid` });
    else rows.push(row);
  }
  insertAll(rows);
  const status = errors.length === 0 ? 200 : rows.length > 0 ? 207 : 400;
  return Response.json({ accepted: rows.length, rejected: errors.length, errors }, { status });
}

function conditions(parameters: URLSearchParams): { where: string; bindings: string[] } {
  const parts: string[] = [];
  const bindings: string[] = [];
  function add(name: string, condition: string, bind: (value: string) => string[] = (value) => [value]): void {
    const value = parameters.get(name);
    if (value === null) return;
    parts.push(condition);
    bindings.push(...bind(value));
  }
  add("service", "service = ?");
  add("severity", "severity = ?");
  add("user_id", "json_extract(attributes, '$.user_id') = CAST(? AS INTEGER)");
  add("text", "(message LIKE ? ESCAPE '\\' OR attributes LIKE ? ESCAPE '\\')", (text) => {
    const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
    return [pattern, pattern];
  });
  add("match", "id IN (SELECT rowid FROM log_words WHERE log_words MATCH ?)");
  return { where: parts.length > 0 ? `WHERE ${parts.join(" AND ")}` : "", bindings };
}

type StoredRow = { timestamp: number; received_at: number; attributes: string | null };

/** Newest first: ids are given in the order of arrival, so the index on the service answers without sorting. */
function search(parameters: URLSearchParams): Response {
  const { where, bindings } = conditions(parameters);
  const limit = Number(parameters.get("limit") ?? "100");
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) return new Response("limit is 1 to 1000", { status: 400 });
  const rows = database
    .query<StoredRow, (string | number)[]>(`SELECT * FROM log ${where} ORDER BY id DESC LIMIT ?`)
    .all(...bindings, limit);
  return Response.json(
    rows.map((row) => ({
      ...row,
      timestamp: new Date(row.timestamp).toISOString(),
      received_at: new Date(row.received_at).toISOString(),
      attributes: row.attributes === null ? undefined : JSON.parse(row.attributes),
    })),
  );
}

const GROUPS: Readonly<Record<string, string>> = { severity: "severity", minute: "timestamp / 60000" };

/** How many match, or with `by` how many of each severity or minute. */
function count(parameters: URLSearchParams): Response {
  const by = parameters.get("by");
  const { where, bindings } = conditions(parameters);
  if (by === null) return Response.json(database.query(`SELECT count(*) AS count FROM log ${where}`).get(...bindings));
  const group = GROUPS[by];
  if (group === undefined) return new Response("by is severity or minute", { status: 400 });
  const sql = `SELECT ${group} AS value, count(*) AS count FROM log ${where} GROUP BY 1`;
  return Response.json({ groups: database.query(sql).all(...bindings) });
}

const authorization = `Token ${process.env["BENCH_TOKEN"]}`;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch(request) {
    if (request.headers.get("authorization") !== authorization) return new Response("no such token", { status: 401 });
    const url = new URL(request.url);
    if (url.pathname === "/logs" && request.method === "POST") return ingest(request);
    if (url.pathname === "/logs") return search(url.searchParams);
    if (url.pathname === "/logs/stats") return count(url.searchParams);
    return new Response("not found", { status: 404 });
  },
});
console.log(`the SQLite collector listens on http://127.0.0.1:${server.port}`);
process.on("SIGTERM", () => {
  server.stop(true);
  database.close();
  process.exit(0);
});
