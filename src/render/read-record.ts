import { storedRecordSchema } from "../schema/api.ts";
import type { CsvFields } from "../schema/csv.ts";
import { parse } from "../schema/parse.ts";
import type { Severity } from "../schema/severity.ts";

/** A record as a renderer takes it: `attributes` is the JSON text the server sent, digit by digit; empty where there are none. */
export type RenderedRecord = CsvFields & { severity: Severity };

const ATTRIBUTES_KEY = ',"attributes":';

/** Reads one line of an NDJSON answer. Throws `unexpected_answer` where it is no log record. */
export function readRecord(line: string): RenderedRecord {
  const { attributes, ...fields } = parse(storedRecordSchema, parseJson(line), "unexpected_answer");
  return { ...fields, attributes: attributes === undefined ? "" : (attributesText(line) ?? JSON.stringify(attributes)) };
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
