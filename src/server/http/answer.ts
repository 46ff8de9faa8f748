import { LogctlError, statusOf } from "../../errors.ts";
import { DAMAGE_HEADER, type ErrorBody } from "../../schema/api.ts";

/** Logs are whatever somebody sent: no browser is to take them for a page, no cache is to keep them. */
const SAFE_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export const CONTENT_TYPES = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  events: "text/event-stream",
};

export function answer(
  body: string | Uint8Array | ReadableStream<Uint8Array>,
  status: number,
  contentType: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, { status, headers: { "content-type": contentType, ...SAFE_HEADERS, ...headers } });
}

export function answerJson(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return answer(`${JSON.stringify(value)}\n`, status, CONTENT_TYPES.json, headers);
}

/** Says in an answer's header how many damaged blocks it leaves out; nothing where it leaves out none. */
export function damageHeader(blocks: ReadonlySet<number>): Record<string, string> {
  return blocks.size === 0 ? {} : { [DAMAGE_HEADER]: String(blocks.size) };
}

/** What an error looks like from outside; its cause stays inside. */
export function answerError(error: LogctlError): Response {
  const { code, message, field, retryAfterS } = error;
  const body: ErrorBody = { error: { code, message, ...(field !== undefined && { field }) } };
  return answerJson(body, statusOf(code) ?? 500, {
    ...(code === "unauthorized" && { "www-authenticate": 'Token realm="logctl", Bearer realm="logctl"' }),
    ...(retryAfterS !== undefined && { "retry-after": String(retryAfterS) }),
  });
}

/** Anything that was not foreseen, for outside. */
export function unforeseen(cause: unknown): LogctlError {
  return new LogctlError("internal", "the collector failed on this request; its own log says why", { cause });
}
