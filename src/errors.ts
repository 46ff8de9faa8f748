/** `status`: the HTTP status a server answers with; absent where only a command can meet the error. `exit`: the exit code of a command. */
type ErrorEdges = { status?: number; exit: 1 | 2 | 3 | 4 | 5 | 130 };

/**
 * Every way logctl can fail, in one closed list. Exit codes: 1 failure, 2 usage, 3 unreachable, 4 not authorised, 5 spooled, 130
 * interrupted.
 */
export const ERRORS = {
  // a record that is refused
  invalid_json: { status: 400, exit: 1 },
  not_an_object: { status: 400, exit: 1 },
  missing_message: { status: 400, exit: 1 },
  invalid_message: { status: 400, exit: 1 },
  invalid_timestamp: { status: 400, exit: 1 },
  invalid_severity: { status: 400, exit: 1 },
  missing_service: { status: 400, exit: 1 },
  invalid_service: { status: 400, exit: 1 },
  service_mismatch: { status: 400, exit: 4 },
  nesting_too_deep: { status: 400, exit: 1 },
  record_too_large: { status: 400, exit: 1 },
  // a request that is refused
  empty_body: { status: 400, exit: 1 },
  invalid_parameter: { status: 400, exit: 2 },
  invalid_query: { status: 400, exit: 2 },
  invalid_idempotency_key: { status: 400, exit: 1 },
  token_in_url: { status: 400, exit: 2 },
  unauthorized: { status: 401, exit: 4 },
  forbidden: { status: 403, exit: 4 },
  host_refused: { status: 403, exit: 4 },
  origin_refused: { status: 403, exit: 4 },
  site_refused: { status: 403, exit: 4 },
  not_found: { status: 404, exit: 1 },
  method_not_allowed: { status: 405, exit: 1 },
  body_too_large: { status: 413, exit: 1 },
  body_incomplete: { status: 400, exit: 1 },
  unsupported_encoding: { status: 415, exit: 1 },
  invalid_encoding: { status: 400, exit: 1 },
  idempotency_conflict: { status: 422, exit: 1 },
  too_many_groups: { status: 422, exit: 1 },
  rate_limited: { status: 429, exit: 1 },
  quota_exceeded: { status: 429, exit: 1 },
  request_timeout: { status: 408, exit: 1 },
  // a server in trouble
  overloaded: { status: 503, exit: 1 },
  too_many_connections: { status: 503, exit: 1 },
  disk_full: { status: 503, exit: 1 },
  store_unavailable: { status: 503, exit: 1 },
  internal: { status: 500, exit: 1 },
  // a command that cannot go on
  usage: { exit: 2 },
  unreachable: { exit: 3 },
  unexpected_answer: { exit: 1 },
  not_all_stored: { exit: 1 },
  not_exactly_once: { exit: 1 },
  spooled: { exit: 5 },
  spool_full: { exit: 1 },
  spool_unusable: { exit: 1 },
  spool_damaged: { exit: 1 },
  maybe_stored: { exit: 1 },
  database_unusable: { exit: 1 },
  database_damaged: { exit: 1 },
  backup_failed: { exit: 1 },
  address_unusable: { exit: 1 },
  interrupted: { exit: 130 },
} as const satisfies Record<string, ErrorEdges>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

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
  return typeof value === "string" && Object.hasOwn(ERRORS, value);
}

/** The HTTP status of an error; undefined where a collector never answers with it. */
export function statusOf(code: ErrorCode): number | undefined {
  const { status }: ErrorEdges = ERRORS[code];
  return status;
}
