/**
 * Every way logctl can fail, in one closed list. Each edge has its own map, and a new code does not compile until both
 * know it: the HTTP status a server answers with, and the exit code a command ends with.
 */
export const ERROR_CODES = [
  // a record that is refused
  "invalid_json",
  "not_an_object",
  "missing_message",
  "invalid_message",
  "invalid_timestamp",
  "invalid_severity",
  "missing_service",
  "invalid_service",
  "service_mismatch",
  "nesting_too_deep",
  "record_too_large",
  // a request that is refused
  "empty_body",
  "invalid_parameter",
  "invalid_query",
  "invalid_idempotency_key",
  "token_in_url",
  "unauthorized",
  "forbidden",
  "host_refused",
  "origin_refused",
  "site_refused",
  "not_found",
  "method_not_allowed",
  "body_too_large",
  "body_incomplete",
  "unsupported_encoding",
  "invalid_encoding",
  "idempotency_conflict",
  "too_many_groups",
  "rate_limited",
  "quota_exceeded",
  "request_timeout",
  // a server in trouble
  "overloaded",
  "too_many_connections",
  "disk_full",
  "store_unavailable",
  "internal",
  // a command that cannot go on
  "usage",
  "unreachable",
  "unexpected_answer",
  "not_all_stored",
  "not_exactly_once",
  "spooled",
  "spool_full",
  "spool_unusable",
  "spool_damaged",
  "maybe_stored",
  "database_unusable",
  "database_damaged",
  "backup_failed",
  "address_unusable",
  "interrupted",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The HTTP status of each code. Codes that only a command can meet are 500: a server never answers them. */
export const HTTP_STATUS = {
  invalid_json: 400,
  not_an_object: 400,
  missing_message: 400,
  invalid_message: 400,
  invalid_timestamp: 400,
  invalid_severity: 400,
  missing_service: 400,
  invalid_service: 400,
  service_mismatch: 400,
  nesting_too_deep: 400,
  record_too_large: 400,
  empty_body: 400,
  invalid_parameter: 400,
  invalid_query: 400,
  invalid_idempotency_key: 400,
  token_in_url: 400,
  unauthorized: 401,
  forbidden: 403,
  host_refused: 403,
  origin_refused: 403,
  site_refused: 403,
  not_found: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  body_incomplete: 400,
  unsupported_encoding: 415,
  invalid_encoding: 400,
  idempotency_conflict: 422,
  too_many_groups: 422,
  rate_limited: 429,
  quota_exceeded: 429,
  request_timeout: 408,
  overloaded: 503,
  too_many_connections: 503,
  disk_full: 503,
  store_unavailable: 503,
  internal: 500,
  usage: 500,
  unreachable: 500,
  unexpected_answer: 500,
  not_all_stored: 500,
  not_exactly_once: 500,
  spooled: 500,
  spool_full: 500,
  spool_unusable: 500,
  spool_damaged: 500,
  maybe_stored: 500,
  database_unusable: 500,
  database_damaged: 500,
  backup_failed: 500,
  address_unusable: 500,
  interrupted: 500,
} as const satisfies Record<ErrorCode, number>;

/** The exit code of each code: 1 failure, 2 usage, 3 unreachable, 4 not authorised, 5 spooled, 130 interrupted. */
export const EXIT_CODE = {
  invalid_json: 1,
  not_an_object: 1,
  missing_message: 1,
  invalid_message: 1,
  invalid_timestamp: 1,
  invalid_severity: 1,
  missing_service: 1,
  invalid_service: 1,
  service_mismatch: 4,
  nesting_too_deep: 1,
  record_too_large: 1,
  empty_body: 1,
  invalid_parameter: 2,
  invalid_query: 2,
  invalid_idempotency_key: 1,
  token_in_url: 2,
  unauthorized: 4,
  forbidden: 4,
  host_refused: 4,
  origin_refused: 4,
  site_refused: 4,
  not_found: 1,
  method_not_allowed: 1,
  body_too_large: 1,
  body_incomplete: 1,
  unsupported_encoding: 1,
  invalid_encoding: 1,
  idempotency_conflict: 1,
  too_many_groups: 1,
  rate_limited: 1,
  quota_exceeded: 1,
  request_timeout: 1,
  overloaded: 1,
  too_many_connections: 1,
  disk_full: 1,
  store_unavailable: 1,
  internal: 1,
  usage: 2,
  unreachable: 3,
  unexpected_answer: 1,
  not_all_stored: 1,
  not_exactly_once: 1,
  spooled: 5,
  spool_full: 1,
  spool_unusable: 1,
  spool_damaged: 1,
  maybe_stored: 1,
  database_unusable: 1,
  database_damaged: 1,
  backup_failed: 1,
  address_unusable: 1,
  interrupted: 130,
} as const satisfies Record<ErrorCode, number>;

export type ErrorDetails = {
  /** The parameter or record field at fault. */
  field?: string;
  /** Seconds after which the same request may succeed. */
  retryAfterS?: number;
  /** What is behind it: logged where it was met, never sent to a client. */
  cause?: unknown;
};

/** The one error logctl throws on purpose; its message is one line that says what failed, the value, and what to do. */
export class LogctlError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "LogctlError";
    this.code = code;
    this.field = details.field;
    this.retryAfterS = details.retryAfterS;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && (ERROR_CODES as readonly string[]).includes(value);
}

/** Whether a collector may answer with a code; those from `usage` on are for commands only. */
export function isAnswerCode(code: ErrorCode): boolean {
  return ERROR_CODES.indexOf(code) < ERROR_CODES.indexOf("usage");
}
