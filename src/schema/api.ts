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

/** The answer of `GET /logs/stats`. */
export const statsAnswerSchema = z.object({ count: z.int() });
