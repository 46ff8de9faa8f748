import { LogctlError } from "../../errors.ts";
import { wholeText } from "../answer-text.ts";
import type { Connection } from "../connection.ts";
import { refusal } from "./read-records.ts";

export type Answer<Value> = { value: Value /** As the collector wrote it. */; text: string };

/** Far more than 10,000 groups of usual names and numbers. */
const MAX_ANSWER_BYTES = 64_000_000;

/** All of a JSON answer, held to its schema. Throws as `readRecords` does, also where it is longer than `maxBytes`. */
export async function readAnswer<Value>(
  connection: Connection,
  target: string,
  schema: { parse(value: unknown): Value },
  signal: AbortSignal,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<Answer<Value>> {
  const response = await connection.request(target, { headers: { accept: "application/json" } });
  if (response.status !== 200) throw await refusal(connection, response, signal);
  const text = await wholeText(response, maxBytes).catch((cause: unknown) => {
    if (cause instanceof LogctlError) throw cause;
    if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
    throw new LogctlError("unreachable", `the collector at ${connection.baseUrl} broke off its answer`, { cause });
  });
  try {
    return { value: schema.parse(JSON.parse(text)), text };
  } catch (cause) {
    const path = target.replace(/\?.*$/s, "");
    const message = `${connection.baseUrl}${path} answers no count; is --url a logctl collector?`;
    throw new LogctlError("unexpected_answer", message, { cause });
  }
}
