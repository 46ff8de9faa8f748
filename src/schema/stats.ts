import { z } from "zod";
import { statsParametersSchema, wholeNumber } from "./filter.ts";
import { MAX_GROUP_FIELDS, MAX_GROUPS } from "./limits.ts";
import { STATS_COLUMNS } from "./stats-columns.ts";

/** The clocks of a record. */
export const STATS_CLOCKS = ["timestamp", "received_at"] as const;

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const INTERVAL = /^([1-9]\d{0,5})([smhd])$/;
const MAX_INTERVAL_MS = 366 * UNIT_MS.d;

/** The length of `30s`, `5m`, `1h` or `1d` in ms; undefined for what is none from a second to a year. */
export function intervalMs(text: string): number | undefined {
  const [, count, unit] = INTERVAL.exec(text) ?? [];
  if (count === undefined) return undefined;
  const ms = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return ms <= MAX_INTERVAL_MS ? ms : undefined;
}

/** What the record's fields beside its attributes are called, and what groups are said to have: an attribute of such a name needs `attributes.` before it. */
const RECORD_NAMES: readonly string[] = ["id", "timestamp", "received_at", "message"];
const RESERVED_NAMES: readonly string[] = [...RECORD_NAMES, ...Object.values(STATS_COLUMNS).flat()];
/** What sets an attribute apart from a field of the record of the same name. */
const ATTRIBUTE_PREFIX = "attributes.";

/** A field by its name: one of the record's, or an attribute by its path. */
export type FieldName = { kind: "service" | "severity"; name: string } | { kind: "attribute"; name: string; path: string };

/** What a name stands for; undefined where it stands for what cannot be grouped by. */
export function readFieldName(name: string): FieldName | undefined {
  if (name === "service" || name === "severity") return { kind: name, name };
  if (name === "" || RECORD_NAMES.includes(name)) return undefined;
  return { kind: "attribute", name, path: name.startsWith(ATTRIBUTE_PREFIX) ? name.slice(ATTRIBUTE_PREFIX.length) : name };
}

const intervalSchema = z.string().transform((text, context) => {
  const ms = intervalMs(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: `'${text}' is no interval; use 1s to 366d, such as 30s, 5m, 1h or 1d` });
  return z.NEVER;
});

function fieldSchema(use: string) {
  return z.string().transform((text, context) => {
    const field = readFieldName(text);
    if (field !== undefined) return field;
    context.addIssue({ code: "custom", message: nothingTo(use, text) });
    return z.NEVER;
  });
}

function nothingTo(use: string, name: string): string {
  return `'${name}' is nothing ${use}; use service, severity or an attribute; an attribute of this name is attributes.${name || "name"}`;
}

const attributeSchema = z.string().transform((text, context) => {
  const field = readFieldName(text);
  if (field?.kind === "attribute") return field.path;
  context.addIssue({ code: "custom", message: `'${text}' is no attribute; one of this name is attributes.${text || "name"}` });
  return z.NEVER;
});

const bySchema = z.array(z.string()).transform((texts, context) => {
  const names = texts.flatMap((text) => text.split(","));
  const refuse = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  if (names.length > MAX_GROUP_FIELDS) return refuse(`${names.length} fields are too many; give ${MAX_GROUP_FIELDS} at most`);
  const fields: FieldName[] = [];
  for (const [at, name] of names.entries()) {
    const field = readFieldName(name);
    if (field === undefined) return refuse(nothingTo("to group by", name));
    if (RESERVED_NAMES.includes(name))
      return refuse(`'${name}' is taken in the answer; for the attribute write attributes.${name}`);
    if (names.indexOf(name) !== at) return refuse(`'${name}' is given twice`);
    fields.push(field);
  }
  return fields;
});

/** The parameters of `GET /logs/stats`. */
export const groupParametersSchema = statsParametersSchema
  .extend({
    by: bySchema.default([]),
    interval: intervalSchema.optional(),
    time: z.enum(STATS_CLOCKS, "use timestamp or received_at").optional(),
    top: wholeNumber(1, MAX_GROUPS, `a number from 1 to ${MAX_GROUPS}`).optional(),
    of: attributeSchema.optional(),
    distinct: fieldSchema("to tell apart").optional(),
  })
  .superRefine(({ by, interval, time, top }, context) => {
    if (top !== undefined && by.length === 0) {
      context.addIssue({ code: "custom", path: ["top"], message: "there are no groups to choose from; give by" });
    }
    if (time !== undefined && interval === undefined) {
      context.addIssue({ code: "custom", path: ["time"], message: "it says by which clock an interval counts; give interval" });
    }
  });
export const GROUP_PARAMETERS: readonly string[] = [
  ...Object.keys(statsParametersSchema.shape),
  ...["by", "interval", "time", "top", "of", "distinct"],
];

/** How many values of a field are listed unless more are asked for. */
export const DEFAULT_TOP_VALUES = 100;

/** The parameters of `GET /logs/fields/<name>`. */
export const valuesParametersSchema = statsParametersSchema.extend({
  top: wholeNumber(1, MAX_GROUPS, `a number from 1 to ${MAX_GROUPS}`).default(DEFAULT_TOP_VALUES),
});
