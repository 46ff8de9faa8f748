import { LogctlError } from "../errors.ts";
import { storedRecordSchema } from "../schema/api.ts";
import type { CsvFields } from "../schema/csv.ts";
import { parse } from "../schema/parse.ts";
import type { Severity } from "../schema/severity.ts";

/** A record as a renderer takes it: `attributes` is the JSON text the server sent, digit by digit; empty where there are none. */
export type RenderedRecord = CsvFields & { severity: Severity };

const ATTRIBUTES_KEY = ',"attributes":';
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Reads one line of an NDJSON answer. Throws `unexpected_answer` where it is no log record. */
export function readRecord(line: string): RenderedRecord {
  const { attributes, ...fields } = parse(storedRecordSchema, parseJson(line), "unexpected_answer");
  checkTime("timestamp", fields.timestamp);
  checkTime("received_at", fields.received_at);
  return { ...fields, attributes: attributes === undefined ? "" : (attributesText(line) ?? JSON.stringify(attributes)) };
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
