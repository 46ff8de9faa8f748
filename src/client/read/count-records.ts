import { statsAnswerSchema } from "../../schema/api.ts";
import type { Connection } from "../connection.ts";
import { readAnswer } from "./read-answer.ts";

/** It is a name and a number. */
const MAX_COUNT_BYTES = 64_000;

/** How many records match, by `GET /logs/stats`. Throws as `readRecords` does. */
export async function countRecords(connection: Connection, filter: URLSearchParams, signal: AbortSignal): Promise<number> {
  return (await readAnswer(connection, `/logs/stats?${filter}`, statsAnswerSchema, signal, MAX_COUNT_BYTES)).value.count;
}
