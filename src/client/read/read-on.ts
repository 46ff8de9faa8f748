import { LogctlError, statusOf } from "../../errors.ts";
import { storedRecordSchema } from "../../schema/api.ts";
import { writeCursor } from "../../schema/cursor.ts";
import { parseTimestamp } from "../../schema/timestamp.ts";
import { parseJson } from "../answer-text.ts";
import type { Connection } from "../connection.ts";
import { isRetryable, jitteredDelayMs, type Sleep, sleep } from "../retry.ts";
import { brokeOff, readRecords } from "./read-records.ts";

export type ReadOnOptions = { signal: AbortSignal; sleep?: Sleep; random?: () => number };

/** How often in a row an answer is asked for again that brings no record: some seconds, in which a collector starts anew. */
const MAX_ATTEMPTS = 6;

/**
 * As `readRecords`; an answer that breaks off goes on in another one, behind the last record that came. So does one that the
 * collector ends since its reader stood still for too long. Each record is given once, in order. Throws `unreachable` where no
 * other answer comes, or the very first brings nothing.
 */
export async function* readOn(
  connection: Connection,
  parameters: URLSearchParams,
  { signal, sleep: pause = sleep, random = Math.random }: ReadOnOptions,
): AsyncGenerator<string[], void> {
  let received = 0;
  let last: string | undefined;
  for (let attempt = 0; ; ) {
    const rest = last === undefined ? parameters : parametersBehind(last, parameters, received);
    if (rest === undefined) return;
    let isFirst = true;
    try {
      for await (const lines of readRecords(connection, rest, signal)) {
        const before = isFirst ? last : undefined;
        isFirst = false;
        if (before !== undefined) checkFollows(connection, before, lines[0] as string, parameters);
        attempt = 0;
        received += lines.length;
        last = lines.at(-1);
        yield lines;
      }
      return;
    } catch (error) {
      if (last === undefined || !mayGoOn(error, isFirst)) throw error;
      attempt += 1;
      if (attempt >= MAX_ATTEMPTS || positionOf(last) === undefined) throw brokeOff(connection, received, error);
      // At once, where it was only that one answer.
      if (attempt > 1) await pause(jitteredDelayMs(attempt - 2, random), signal);
    }
  }
}

/** What came in the place of an answer may be of something that stands before the collector; what came in its midst is not. */
function mayGoOn(error: unknown, isFirst: boolean): boolean {
  if (!(error instanceof LogctlError) || error.code === "interrupted") return false;
  return error.code === "unreachable" || (isFirst && isRetryable(statusOf(error.code) ?? 500));
}

/** What asks for the records behind `last`; undefined where there was no more to come. */
function parametersBehind(last: string, parameters: URLSearchParams, received: number): URLSearchParams | undefined {
  const position = positionOf(last) as NonNullable<ReturnType<typeof positionOf>>;
  const rest = new URLSearchParams(parameters);
  rest.delete("offset");
  rest.set("cursor", writeCursor(position, parameters.get("sort") === "timestamp" ? "timestamp" : "received_at"));
  const limit = parameters.get("limit") ?? "all";
  if (limit === "all") return rest;
  const left = Number(limit) - received;
  rest.set("limit", String(left));
  return left > 0 ? rest : undefined;
}

/** A collector that gave the same records again would do so without end. */
function checkFollows({ baseUrl }: Connection, last: string, next: string, parameters: URLSearchParams): void {
  const [before, after] = [positionOf(last), positionOf(next)];
  if (before !== undefined && after !== undefined) {
    const byTime = parameters.get("sort") === "timestamp" ? after.ms - before.ms || after.nanos - before.nanos : 0;
    const steps = byTime || after.id - before.id;
    if (parameters.get("order") === "asc" ? steps > 0 : steps < 0) return;
  }
  throw new LogctlError("unexpected_answer", `${baseUrl}/logs does not go on where its answer broke off`);
}

/** Where a record stands, by its text; undefined for what is none. */
function positionOf(line: string): { id: number; ms: number; nanos: number } | undefined {
  const record = storedRecordSchema.safeParse(parseJson(line)).data;
  const time = record && parseTimestamp(record.timestamp);
  return record && time && { id: record.id, ms: time.ms, nanos: time.nanos };
}
