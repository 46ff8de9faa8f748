import { LogctlError } from "../errors.ts";
import { statsAnswerSchema } from "../schema/api.ts";
import type { Connection } from "./connection.ts";
import { refusal } from "./read-records.ts";

/** How many records match, by `GET /logs/stats`. Throws as `readRecords` does. */
export async function countRecords(connection: Connection, filter: URLSearchParams, signal: AbortSignal): Promise<number> {
  const response = await connection.request(`/logs/stats?${filter}`, { headers: { accept: "application/json" } });
  if (response.status !== 200) throw await refusal(connection, response, signal);
  const text = await response.text().catch((cause: unknown) => {
    if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
    throw new LogctlError("unreachable", `the collector at ${connection.baseUrl} broke off its answer`, { cause });
  });
  try {
    return statsAnswerSchema.parse(JSON.parse(text)).count;
  } catch (cause) {
    const message = `${connection.baseUrl}/logs/stats answers no count; is --url a logctl collector?`;
    throw new LogctlError("unexpected_answer", message, { cause });
  }
}
