import { FIELD_ALIASES } from "../schema/record.ts";
import { type Severity, severityIndexOfLevel, severityIndexOfWord } from "../schema/severity.ts";
import { parseTimestamp } from "../schema/timestamp.ts";
import { endOfAttributes } from "./end-of-attributes.ts";
import type { Line } from "./read-lines.ts";

/** What a record gets where it has nothing of its own. */
export type RecordDefaults = {
  service?: string;
  severity?: Severity;
  /** As `parseTimestamp` reads it. */
  timestamp?: string;
  /** The JSON text of each attribute's value. */
  attributes: ReadonlyMap<string, string>;
};

type JsonObject = Record<string, unknown>;

const MESSAGE_NAMES = ["message", ...FIELD_ALIASES.message];
const INVALID_UTF8 = new Map([["invalid_utf8", "true"]]);

/** The JSON text of the record that is this message and nothing else but the defaults. */
export function encodeMessage(message: string, defaults: RecordDefaults): string {
  const members = [member("message", JSON.stringify(message)), ...fieldMembers(defaults, () => true)];
  if (defaults.attributes.size > 0) members.push(member("attributes", objectText(defaults.attributes)));
  return `{${members.join(",")}}`;
}

/**
 * The JSON text of the record that a line stands for; undefined for a blank line. A JSON object with a message is that
 * record, and its own text wherever nothing has to be added, so that no number loses a digit; any other line is a message.
 */
export function encodeLine(line: Line, defaults: RecordDefaults): string | undefined {
  const { text } = line;
  if (text.trim() === "") return undefined;
  const filling = line.invalidUtf8 ? { ...defaults, attributes: new Map([...defaults.attributes, ...INVALID_UTF8]) } : defaults;
  // What is left of a line that was cut must not pass for a record.
  const record = line.cut ? undefined : parseRecord(text);
  return record === undefined ? encodeMessage(text, filling) : fillRecord(text.trim(), record, filling);
}

function parseRecord(text: string): JsonObject | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const value = JSON.parse(text);
    return MESSAGE_NAMES.some((name) => Object.hasOwn(value, name)) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Adds to the text, in which all that was sent stays as it is. A name that is there already but empty (`"service": null`) is overruled. */
function fillRecord(text: string, record: JsonObject, defaults: RecordDefaults): string {
  const added = fieldMembers(defaults, (name) => lacks(record, name));
  const missing = [...defaults.attributes].filter(([key]) => !hasAttribute(record, key));
  const own = record["attributes"];
  let filled = text;
  if (missing.length > 0 && isObject(own)) {
    const end = endOfAttributes(text);
    const members = missing.map(([key, value]) => member(key, value)).join(",");
    filled = `${text.slice(0, end)}${Object.keys(own).length > 0 ? "," : ""}${members}${text.slice(end)}`;
  } else if (missing.length > 0) {
    // An `attributes` that is no object is an attribute itself: what is added stands beside it.
    if ((own ?? null) === null) added.push(member("attributes", objectText(missing)));
    else for (const [key, value] of missing) added.push(member(key, value));
  }
  return added.length === 0 ? filled : `${filled.slice(0, -1)},${added.join(",")}}`;
}

function fieldMembers(defaults: RecordDefaults, isWanted: (name: "service" | "severity" | "timestamp") => boolean): string[] {
  const members: string[] = [];
  for (const name of ["service", "severity", "timestamp"] as const) {
    const value = defaults[name];
    if (value !== undefined && isWanted(name)) members.push(member(name, JSON.stringify(value)));
  }
  return members;
}

/** Whether the collector would find no such field, under its own name or another. */
function lacks(record: JsonObject, name: "service" | "severity" | "timestamp"): boolean {
  if ((record[name] ?? null) !== null) return false;
  if (name === "severity") return !FIELD_ALIASES.severity.some((alias) => isSeverity(record[alias]));
  return name === "service" || !FIELD_ALIASES.timestamp.some((alias) => parseTimestamp(record[alias]) !== undefined);
}

function isSeverity(value: unknown): boolean {
  if (typeof value === "string") return severityIndexOfWord(value) >= 0;
  return typeof value === "number" && severityIndexOfLevel(value) >= 0;
}

function hasAttribute(record: JsonObject, key: string): boolean {
  return Object.hasOwn(record, key) || (isObject(record["attributes"]) && Object.hasOwn(record["attributes"], key));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectText(entries: Iterable<[string, string]>): string {
  return `{${[...entries].map(([key, value]) => member(key, value)).join(",")}}`;
}

function member(name: string, valueText: string): string {
  return `${JSON.stringify(name)}:${valueText}`;
}
