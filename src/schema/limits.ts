/** Bytes of one request's body, as sent and again after decompression. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** UTF-8 bytes of one record's message and attributes together. */
export const MAX_RECORD_BYTES = 256 * 1024;
/** Levels of objects and arrays in one record, the record itself being the first. */
export const MAX_NESTING = 32;
/** Characters of a service's name. */
export const MAX_SERVICE_CHARACTERS = 100;
/** Characters of an Idempotency-Key. */
export const MAX_IDEMPOTENCY_KEY_CHARACTERS = 255;
/** For how long a collector knows an Idempotency-Key again, in ms. */
export const IDEMPOTENCY_KEY_RETENTION_MS = 7 * 86_400_000;
/** Records of one `GET /logs` answer as a JSON array; NDJSON and CSV have no such limit. */
export const MAX_PAGE_ROWS = 1000;
export const DEFAULT_PAGE_ROWS = 100;
/** Refused items that one answer names; how many more there were is counted in `errors_omitted`. */
export const MAX_NAMED_ERRORS = 10_000;
/** Groups of one `GET /logs/stats` answer. */
export const MAX_GROUPS = 10_000;
/** Fields that records are grouped by at one time. */
export const MAX_GROUP_FIELDS = 8;
