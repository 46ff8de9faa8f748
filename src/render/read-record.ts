import { LogctlError } from "../errors.ts";
import { storedRecordSchema } from "../schema/api.ts";
import type { CsvFields } from "../schema/csv.ts";
import type { Severity } from "../schema/severity.ts";

/** A record as a renderer takes it: `attributes` is the JSON text the server sent, digit by digit; empty where there are none. */
export type RenderedRecord = CsvFields & { severity: Severity };

const ATTRIBUTES_KEY = ',"attributes":';
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Reads one line of an NDJSON answer. Throws `unexpected_answer` where it is no log record. */
export function readRecord(line: string): RenderedRecord {
  const record = storedRecordSchema.safeParse(parseJson(line)).data;
  if (record === undefined) throw noRecord(line);
  const { attributes, ...fields } = record;
  checkTime("timestamp", fields.timestamp);
  checkTime("received_at", fields.received_at);
  return { ...fields, attributes: attributes === undefined ? "" : (attributesText(line) ?? JSON.stringify(attributes)) };
}

/** What a collector answers begins with this: of such a line a reader who takes it as it is need know no more. */
const RECORD_START = '{"id":';

/** Throws `unexpected_answer` where a line of an NDJSON answer is not even the beginning of a log record. */
export function checkRecord(line: string): void {
  if (!line.startsWith(RECORD_START)) readRecord(line);
}

function noRecord(line: string): LogctlError {
  const start = line.length > 60 ? `${line.slice(0, 60)}...` : line;
  return new LogctlError("unexpected_answer", `unexpected answer, '${start}' is no log record; is --url a logctl collector?`);
}

/** Renderers show times as they are or as a Date has them: what is no time must not get there. */
function checkTime(field: string, text: string): void {
  if (RFC_3339.test(text) && !Number.isNaN(Date.parse(text))) return;
  throw new LogctlError("unexpected_answer", `${field}: not an RFC 3339 time`, { field });
}

/**
 * The text after the key, since parsing and writing anew would lose digits of large numbers. The key's quotes cannot occur
 * within a JSON string, and every field before it is a string or a number. Undefined where it is not the last field.
 */
function attributesText(line: string): string | undefined {
  const start = line.indexOf(ATTRIBUTES_KEY);
  const text = start < 0 ? "" : line.slice(start + ATTRIBUTES_KEY.length, line.lastIndexOf("}"));
  return parseJson(text) === undefined ? undefined : text;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
