import { z } from "zod";
import { DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS } from "./limits.ts";
import { serviceSchema } from "./record.ts";
import { SEVERITIES, severityIndexOfWord } from "./severity.ts";
import { parseTimestamp } from "./timestamp.ts";

/** The formats in which records leave the collector. */
export const RECORD_FORMATS = ["json", "ndjson", "csv"] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

const timeSchema = z.string().transform((text, context) => {
  // In a URL a plus sign is a space, so `...+01:00` arrives as `... 01:00` unless it was escaped.
  const timestamp = parseTimestamp(
    text.replace(/ (\d\d(?::?\d\d)?)$/, (_, offset) => (text.length > 17 ? `+${offset}` : ` ${offset}`)),
  );
  if (timestamp !== undefined) return timestamp;
  context.addIssue({ code: "custom", message: `'${text}' is no time; use 2026-11-24T10:00:00Z or a time since the epoch` });
  return z.NEVER;
});

const severityWordSchema = z.string().transform((word, context) => {
  const index = severityIndexOfWord(word);
  if (index >= 0) return index;
  context.addIssue({ code: "custom", message: `'${word}' is no severity; use one of ${SEVERITIES.join(", ")}` });
  return z.NEVER;
});

export function wholeNumber(min: number, max: number, what: string) {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
    context.addIssue({ code: "custom", message: `'${text}' is not ${what}` });
    return z.NEVER;
  });
}

const anyLimitSchema = z.union([
  z.literal("all").transform(() => Number.POSITIVE_INFINITY),
  wholeNumber(1, 1e15, "a number from 1, or 'all'"),
]);

const filterParameters = {
  timestamp_start: timeSchema.optional(),
  timestamp_end: timeSchema.optional(),
  received_at_start: timeSchema.optional(),
  received_at_end: timeSchema.optional(),
  service: z.array(serviceSchema).default([]),
  severity: z.array(severityWordSchema).default([]),
  min_severity: severityWordSchema.optional(),
  q: z.string().optional(),
};

const searchParameters = {
  ...filterParameters,
  offset: wholeNumber(0, 1e15, "a number from 0").default(0),
  cursor: z.string().optional(),
  order: z.enum(["desc", "asc"], "use desc or asc").default("desc"),
  sort: z.enum(["received_at", "timestamp"], "use received_at or timestamp").default("received_at"),
};

/** The parameters of `GET /logs` for a JSON array, which is built whole in memory; `q` stays text, to be read by `query/parse-query.ts`. */
export const pageParametersSchema = z.strictObject({
  ...searchParameters,
  limit: wholeNumber(
    1,
    MAX_PAGE_ROWS,
    `a number from 1 to ${MAX_PAGE_ROWS}; more comes with Accept: application/x-ndjson`,
  ).default(DEFAULT_PAGE_ROWS),
});

/** The same for the formats that stream: any number of records, or `all`. */
export const streamParametersSchema = z.strictObject({ ...searchParameters, limit: anyLimitSchema.default(DEFAULT_PAGE_ROWS) });

/** The parameters that say which records are meant: those of `GET /logs/stats` before any groups. */
export const statsParametersSchema = z.strictObject(filterParameters);
export type FilterParameters = z.output<typeof statsParametersSchema>;

/** The parameters of `GET /logs/tail`: the id to go on after, or how many of the newest records come first. */
export const tailParametersSchema = z.strictObject({
  ...filterParameters,
  after: wholeNumber(0, 1e15, "the id of a record, or 0").optional(),
  last: wholeNumber(0, 1e15, "a number from 0").optional(),
});

/** The names that may occur more than once. */
export const REPEATABLE_PARAMETERS: readonly string[] = ["service", "severity", "by"];
