import { z } from "zod";
import { MAX_NESTING, MAX_RECORD_BYTES } from "../../src/schema/limits.ts";
import {
  FIELD_ALIASES,
  fail,
  RECORD_ERRORS,
  RECORD_FIELDS,
  type RecordErrorCode,
  serviceSchema,
} from "../../src/schema/record.ts";
import { INFO, SEVERITIES, severityIndexOfLevel, severityIndexOfWord } from "../../src/schema/severity.ts";
import { parseTimestamp } from "../../src/schema/timestamp.ts";

/** A record as it is stored, before it has an id and a service checked against the token. */
export type NormalizedRecord = {
  /** Null: the collector's clock decides. */
  timestamp: { ms: number; nanos: number; digits: number } | null;
  severity: (typeof SEVERITIES)[number];
  /** Null: the token decides. */
  service: string | null;
  message: string;
  /** The JSON text of the attributes object; empty where there are none. */
  attributes: string;
};

type RawRecord = {
  message: unknown;
  timestamp: unknown;
  severity: unknown;
  service: unknown;
  rest: [string, unknown][];
};

function absent(value: unknown): boolean {
  return value === undefined || value === null;
}

const aliasReaders = {
  message: (value: unknown) => typeof value === "string" && value.trim() !== "",
  timestamp: (value: unknown) => parseTimestamp(value) !== undefined,
  severity: (value: unknown) => severityIndex(value) >= 0,
};

function severityIndex(value: unknown): number {
  if (typeof value === "string") return severityIndexOfWord(value);
  return typeof value === "number" ? severityIndexOfLevel(value) : -1;
}

/** Takes the record's own fields out of what was sent, aliases included; what remains are attributes, in the order sent. */
function separateFields(sent: unknown): unknown {
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return sent;
  const own = new Map(Object.entries(sent));
  const taken = new Set<string>(RECORD_FIELDS);
  const fields = { message: own.get("message"), timestamp: own.get("timestamp"), severity: own.get("severity") };
  for (const name of ["message", "timestamp", "severity"] as const) {
    if (!absent(fields[name])) continue;
    const alias = FIELD_ALIASES[name].find((candidate) => aliasReaders[name](own.get(candidate)));
    if (alias === undefined) continue;
    fields[name] = own.get(alias);
    taken.add(alias);
  }
  const nested = own.get("attributes");
  const hasAttributes = typeof nested === "object" && nested !== null && !Array.isArray(nested);
  if (hasAttributes || absent(nested)) taken.add("attributes");
  const rest: [string, unknown][] = hasAttributes ? Object.entries(nested) : [];
  for (const [key, value] of own) if (!taken.has(key)) addEntry(rest, key, value);
  if (typeof fields.severity === "string" || typeof fields.severity === "number") {
    const unknown = severityIndex(fields.severity) < 0 && String(fields.severity).trim() !== "";
    if (unknown) addEntry(rest, "severity_text", String(fields.severity));
  }
  return { ...fields, service: own.get("service"), rest } satisfies RawRecord;
}

/** Two fields of one name are both kept: the later one as `name_2`, `name_3` ... */
function addEntry(entries: [string, unknown][], key: string, value: unknown): void {
  const names = new Set(entries.map(([name]) => name));
  let name = key;
  for (let n = 2; names.has(name); n += 1) name = `${key}_${n}`;
  entries.push([name, value]);
}

function depth(value: unknown, limit: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (limit === 0) return 1;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depth(inner, limit - 1));
  return 1 + deepest;
}

function attributesText(entries: [string, unknown][]): string {
  if (entries.length === 0) return "";
  // Entry by entry, since an object would lose a key such as __proto__ and sort number-like ones first.
  const text = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  return text.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (match) => (match === "\\\\" ? match : "\ufffd"));
}

const messageSchema = z.unknown().transform((value, context) => {
  const code = typeof value === "string" || absent(value) ? "missing_message" : "invalid_message";
  if (typeof value === "string" && value.trim() !== "") return value.toWellFormed();
  context.addIssue({ code: "custom", message: fail(code) });
  return z.NEVER;
});

const timestampSchema = z.unknown().transform((value, context) => {
  if (absent(value)) return null;
  const timestamp = parseTimestamp(value);
  if (timestamp !== undefined) return timestamp;
  context.addIssue({ code: "custom", message: fail("invalid_timestamp") });
  return z.NEVER;
});

const recordSeveritySchema = z
  .union([z.string(), z.number()], fail("invalid_severity"))
  .nullish()
  .transform((value) => SEVERITIES[Math.max(severityIndex(value), -1) === -1 ? INFO : severityIndex(value)] ?? "INFO");

export const recordSchema = z
  .preprocess(
    separateFields,
    z.object(
      {
        message: messageSchema,
        timestamp: timestampSchema,
        severity: recordSeveritySchema,
        service: serviceSchema.nullish().transform((service) => service ?? null),
        rest: z
          .array(z.tuple([z.string(), z.unknown()]))
          .refine((entries) => entries.every(([, value]) => depth(value, MAX_NESTING) < MAX_NESTING), fail("nesting_too_deep")),
      },
      fail("not_an_object"),
    ),
  )
  .transform(({ rest, ...fields }): NormalizedRecord => ({ ...fields, attributes: attributesText(rest) }))
  .refine(
    ({ message, attributes }) => Buffer.byteLength(message) + Buffer.byteLength(attributes) <= MAX_RECORD_BYTES,
    fail("record_too_large"),
  );

/** The refusal that zod's first issue stands for; each has words of its own, in whatever way zod came to it. */
export function recordErrorOf(error: z.ZodError): RecordErrorCode {
  const message = error.issues[0]?.message;
  const code = Object.entries(RECORD_ERRORS).find((entry) => entry[1].message === message)?.[0];
  if (code === undefined) throw new Error(`no refusal of a record reads '${message}'`);
  return code as RecordErrorCode;
}
