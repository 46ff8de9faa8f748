import { LogctlError } from "../errors.ts";
import { type IngestAnswer, ingestAnswerSchema } from "../schema/api.ts";
import { parseJson, wholeText } from "./answer-text.ts";
import { type Connection, errorOfAnswer, isNoConnection } from "./connection.ts";
import { isRetryable } from "./retry.ts";

/**
 * What became of one attempt. `failed`: another one may do better; without a `response` nobody answered, and where it was
 * not `sent` nobody can have received anything. `refused`: none can do better; with the code `unexpected_answer` it is no
 * collector that answered.
 */
export type Attempt =
  | { kind: "answered"; answer: IngestAnswer }
  | { kind: "too_large"; error: LogctlError }
  | { kind: "refused"; error: LogctlError; status: number }
  | { kind: "failed"; error: LogctlError; sent: boolean; response?: Response };

/** An answer names 10,000 refused records, each in some hundred bytes. */
const MAX_ANSWER_BYTES = 16_000_000;

export type AttemptOptions = {
  idempotencyKey: string;
  /** Once aborted, an attempt under way has `graceMs` left to end in. */
  signal: AbortSignal;
  timeoutMs: number;
  graceMs: number;
};

/** One attempt to store records, each a JSON text without line breaks. Throws `interrupted`. */
export async function postRecords(connection: Connection, records: readonly string[], options: AttemptOptions): Promise<Attempt> {
  try {
    return await withTimeLimit(options, async (limit) => {
      const { type, body } = contentOf(records);
      const headers = { "content-type": type, "idempotency-key": options.idempotencyKey };
      const response = await connection.request("/logs", { method: "POST", headers, body, signal: limit });
      return await readAttempt(response, records.length);
    });
  } catch (error) {
    // What is said of an answer as a whole, such as that it is a redirect: it is no collector's.
    if (error instanceof LogctlError && error.code === "unexpected_answer") return { kind: "refused", error, status: 0 };
    if (error instanceof LogctlError && error.code !== "unreachable") throw error;
    if (options.signal.aborted) throw new LogctlError("interrupted", "interrupted");
    const unreachable = error instanceof LogctlError ? error : answerBroke(connection, error);
    return { kind: "failed", error: unreachable, sent: !isNoConnection(unreachable.cause) };
  }
}

/** One record a line; a record alone is an array, since with `logs` among its fields it would pass for a whole batch. */
function contentOf(records: readonly string[]): { type: string; body: string } {
  if (records.length === 1) return { type: "application/json", body: `[${records[0]}]` };
  return { type: "application/x-ndjson", body: records.join("\n") };
}

async function readAttempt(response: Response, count: number): Promise<Attempt> {
  const { status } = response;
  // Who is told to come later was not let in.
  if (isRetryable(status)) return { kind: "failed", error: await errorOfAnswer(response), sent: status !== 429, response };
  if (status === 413) {
    const error = await errorOfAnswer(response);
    // Whatever stands before a collector may take less at one time: smaller parts may get through. It knows nothing of a record.
    return error.code === "unexpected_answer" && count === 1 ? { kind: "refused", error, status } : { kind: "too_large", error };
  }
  if (status !== 200 && status !== 207 && status !== 400) return refusedBy(response);
  const text = await wholeText(response, MAX_ANSWER_BYTES);
  const body = ingestAnswerSchema.safeParse(parseJson(text));
  if (body.success && body.data.accepted + body.data.rejected === count) return { kind: "answered", answer: body.data };
  return refusedBy(new Response(text, response));
}

async function refusedBy(response: Response): Promise<Attempt> {
  const error = await errorOfAnswer(response);
  if (error.code === "unreachable") throw error;
  return { kind: "refused", error, status: response.status };
}

function answerBroke({ baseUrl }: Connection, cause: unknown): LogctlError {
  return new LogctlError("unreachable", `the collector at ${baseUrl} broke off its answer`, { cause });
}

async function withTimeLimit<Result>(
  { signal, timeoutMs, graceMs }: AttemptOptions,
  work: (limit: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController();
  const end = () => limit.abort();
  let timer = setTimeout(end, timeoutMs);
  const hurry = () => {
    clearTimeout(timer);
    timer = setTimeout(end, graceMs);
  };
  signal.addEventListener("abort", hurry, { once: true });
  if (signal.aborted) hurry();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", hurry);
  }
}
