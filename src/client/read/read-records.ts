import { LogctlError } from "../../errors.ts";
import { MAX_RECORD_BYTES } from "../../schema/limits.ts";
import { type Connection, errorOfAnswer } from "../connection.ts";
import { untilAborted } from "../until-aborted.ts";

const NDJSON = "application/x-ndjson";
/** A record's limit counts its text unescaped; JSON writes one byte as six characters at most (`\u0000`). */
const MAX_LINE_CHARACTERS = 8 * MAX_RECORD_BYTES;

/**
 * The records that `GET /logs` answers `parameters` with, as their JSON texts without line ends, in batches as they arrive.
 * Holds no more than one piece of the answer, and reads no further than it is asked to.
 *
 * Throws what a refusal stands for, `unexpected_answer` for what is no stream of records or more of them than the `limit` asks
 * for, `interrupted` once `signal` is aborted, and `unreachable` where the answer broke off: an answer that just ends is complete.
 */
export async function* readRecords(
  connection: Connection,
  parameters: URLSearchParams,
  signal: AbortSignal,
): AsyncGenerator<string[], void> {
  const response = await connection.request(`/logs?${parameters}`, { headers: { accept: NDJSON } });
  if (response.status !== 200) throw await refusal(connection, response, signal);
  const contentType = response.headers.get("content-type") ?? "no content type";
  if (!contentType.startsWith(NDJSON)) {
    const message = `${connection.baseUrl}/logs answers ${contentType} instead of log records; is --url a logctl collector?`;
    throw new LogctlError("unexpected_answer", message);
  }
  const limit = parameters.get("limit") ?? "all";
  const most = limit === "all" ? Number.POSITIVE_INFINITY : Number(limit);
  let received = 0;
  let rest = "";
  try {
    for await (const text of textsOf(response, signal)) {
      const end = text.lastIndexOf("\n");
      if (end < 0) rest += text;
      else {
        const lines = (rest + text.slice(0, end)).split("\n");
        rest = text.slice(end + 1);
        received += lines.length;
        if (received > most) {
          const message = `${connection.baseUrl}/logs answers more than the ${countOf(most)} asked for; is --url a logctl collector?`;
          throw new LogctlError("unexpected_answer", message);
        }
        yield lines;
      }
      if (rest.length > MAX_LINE_CHARACTERS) {
        throw new LogctlError("unexpected_answer", `${connection.baseUrl}/logs answers a line that is too long for a record`);
      }
    }
  } catch (error) {
    if (error instanceof LogctlError) throw error;
    throw signal.aborted ? new LogctlError("interrupted", "interrupted") : brokeOff(connection, received, error);
  }
  if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
  if (rest !== "") throw brokeOff(connection, received);
}

/** An answer of records that ended before its end. */
export function brokeOff({ baseUrl }: Connection, received: number, cause?: unknown): LogctlError {
  const message = `the collector at ${baseUrl} broke off its answer after ${countOf(received)}: there may be more`;
  return new LogctlError("unreachable", message, { cause });
}

async function* textsOf({ body }: Response, signal: AbortSignal): AsyncGenerator<string, void> {
  if (body === null) return;
  // A mark at the start is part of what the server sent, and JSON has none.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for await (const chunk of untilAborted(body, signal)) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** The error that a refusal stands for, or `interrupted` where reading it was cut short by `signal`. */
export async function refusal(connection: Connection, response: Response, signal: AbortSignal): Promise<LogctlError> {
  const error = await errorOfAnswer(response, ` at ${connection.baseUrl}`);
  return signal.aborted ? new LogctlError("interrupted", "interrupted") : error;
}

function countOf(records: number): string {
  return records === 1 ? "1 record" : `${records} records`;
}
