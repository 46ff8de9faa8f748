import { z } from "zod";
import { ERROR_CODES } from "../errors.ts";
import { severitySchema } from "./severity.ts";

/** One refused item of a `POST /logs`. `index` counts the items of the body from 0. */
export const itemErrorSchema = z.object({
  index: z.int(),
  code: z.enum(ERROR_CODES),
  field: z.string().nullable(),
  message: z.string(),
});
export type ItemError = z.infer<typeof itemErrorSchema>;

/** The answer of `POST /logs`, whatever its status: 200 all stored, 207 some, 400 none. */
export const ingestAnswerSchema = z.object({
  accepted: z.int(),
  rejected: z.int(),
  errors: z.array(itemErrorSchema),
  /** How many refused items `errors` does not name, where there are very many. */
  errors_omitted: z.int().optional(),
  /** True where an Idempotency-Key was seen before: nothing was stored again. */
  duplicate: z.literal(true).optional(),
});
export type IngestAnswer = z.infer<typeof ingestAnswerSchema>;

/** The body of every other answer with a status of 400 or more. */
export const errorBodySchema = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    field: z.string().optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** One record of `GET /logs`. Times are RFC 3339 in UTC, `timestamp` in the precision it was sent. */
export const storedRecordSchema = z.object({
  id: z.int(),
  timestamp: z.string(),
  received_at: z.string(),
  service: z.string(),
  severity: severitySchema,
  message: z.string(),
  attributes: z.record(z.string(), z.unknown()).optional(),
});
export type StoredRecord = z.infer<typeof storedRecordSchema>;

/** The answer of `GET /logs/stats` without groups. */
export const statsAnswerSchema = z.object({ count: z.int() });

/** The answer of `GET /logs/stats` with groups, and of `GET /logs/fields/<name>`. */
export const groupsAnswerSchema = z.object({
  /** Records that match, in all groups. */
  count: z.int(),
  /** What each group's records have in common, how many they are, and what else was asked for. */
  groups: z.array(z.record(z.string(), z.unknown())),
  /** Records in groups that `top` left out; there where `top` was given. */
  other: z.int().optional(),
});
export type GroupsAnswer = z.infer<typeof groupsAnswerSchema>;

/** The answer of `GET /logs/fields`. */
export const fieldsAnswerSchema = z.object({
  /** Records that match. */
  count: z.int(),
  /** False: attributes of `sampled` records only were read, and numbers of records are estimates from these. */
  exact: z.boolean(),
  sampled: z.int(),
  fields: z.array(z.object({ name: z.string(), count: z.int(), built_in: z.literal(true).optional() })),
  /** How often there was a name beyond those that are listed; absent where all are. */
  omitted: z.int().optional(),
});
export type FieldsAnswer = z.infer<typeof fieldsAnswerSchema>;

/** The header of an answer that says how many damaged blocks it lacks; absent where it lacks none. */
export const DAMAGE_HEADER = "logctl-damaged-blocks";

/** What clients read of `GET /health`. */
export const healthSchema = z.object({
  /** Damaged blocks that were met since the collector was started. */
  damaged_blocks: z.int().default(0),
});
