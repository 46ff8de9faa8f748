import { z } from "zod";
import type { ErrorCode } from "../errors.ts";
import { MAX_NESTING, MAX_RECORD_BYTES, MAX_SERVICE_CHARACTERS } from "./limits.ts";
import { SEVERITIES } from "./severity.ts";

/**
 * The definition of a log record: what a sender's JSON object means, and why it is refused when it is. The ingest path
 * decodes batches straight into columns (`dialects/record-decoder.ts`) and must agree with this on every value. Of a
 * name that an object has more than once, this is told the value that counts (`dialects/repeated-members.ts`).
 */

/** What senders call a field, in order of preference. An alias counts only if it can be read; else it is an attribute like any other. */
export const FIELD_ALIASES = {
  message: ["msg"],
  timestamp: ["@timestamp", "time", "ts"],
  severity: ["level", "log.level", "levelname"],
} as const;

/** The fields that are never attributes. `attributes` itself is one only where it is an object. */
export const RECORD_FIELDS = ["timestamp", "service", "severity", "message"] as const;

/** Control characters have no place in a service's name: it is shown in tables, lists and headers. */
export const SERVICE_PATTERN = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]+$/u;

export type RecordErrorCode = Extract<
  ErrorCode,
  | "invalid_json"
  | "not_an_object"
  | "missing_message"
  | "invalid_message"
  | "invalid_timestamp"
  | "invalid_severity"
  | "missing_service"
  | "invalid_service"
  | "service_mismatch"
  | "nesting_too_deep"
  | "record_too_large"
>;

/** What each refusal says, and the field it is about. */
export const RECORD_ERRORS = {
  invalid_json: { field: null, message: "not JSON: send one object, an array of objects, or one object a line" },
  not_an_object: { field: null, message: "a log record is a JSON object" },
  missing_message: { field: "message", message: "message is missing or blank" },
  invalid_message: { field: "message", message: "message must be text" },
  invalid_timestamp: {
    field: "timestamp",
    message: "timestamp is neither ISO 8601 (2026-11-24T10:00:00Z) nor a time since the epoch",
  },
  invalid_severity: { field: "severity", message: `severity must be a word or a number; use one of ${SEVERITIES.join(", ")}` },
  missing_service: { field: "service", message: "service is missing, and the token is not bound to one" },
  invalid_service: {
    field: "service",
    message: `service must be text of 1 to ${MAX_SERVICE_CHARACTERS} characters without control characters`,
  },
  service_mismatch: { field: "service", message: "service is not the one this token may write as" },
  nesting_too_deep: { field: "attributes", message: `values are nested more than ${MAX_NESTING} levels deep` },
  record_too_large: { field: null, message: `message and attributes together exceed ${MAX_RECORD_BYTES} bytes` },
} as const satisfies Record<RecordErrorCode, { field: string | null; message: string }>;

export const serviceSchema = z
  .string(fail("invalid_service"))
  .max(MAX_SERVICE_CHARACTERS, fail("invalid_service"))
  .regex(SERVICE_PATTERN, fail("invalid_service"))
  .refine((name) => name.trim() !== "", fail("invalid_service"));

export function fail(code: RecordErrorCode): string {
  return RECORD_ERRORS[code].message;
}
