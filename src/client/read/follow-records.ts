import { LogctlError } from "../../errors.ts";
import type { Connection } from "../connection.ts";
import { isRetryable, jitteredDelayMs, type Sleep, sleep } from "../retry.ts";
import { untilAborted } from "../until-aborted.ts";
import { createEventReader, type ReadEvents } from "./read-events.ts";
import { refusal } from "./read-records.ts";

export type FollowOptions = {
  signal: AbortSignal;
  /** Told each time the collector goes away, and not again until it was back. */
  onAway: () => void;
  /** How long a collector may say nothing before it is taken for gone: a living one sends something every 15 s. */
  silenceMs?: number;
  sleep?: Sleep;
  random?: () => number;
};

const EVENTS = "text/event-stream";
const SILENCE_MS = 45_000;

/**
 * The records that `GET /logs/tail` sends for `parameters`, as their JSON texts, in batches as they arrive, without end:
 * a collector that goes away is waited for however long it takes, and no record is missed or given twice. Reads no further
 * than it is asked to.
 *
 * Throws `interrupted` once `signal` is aborted, `unreachable` where no tail ever began, and what a refusal stands for.
 */
export async function* followRecords(
  connection: Connection,
  parameters: URLSearchParams,
  options: FollowOptions,
): AsyncGenerator<string[], void> {
  const { signal, onAway, random = Math.random } = options;
  const pause = options.sleep ?? sleep;
  let lastEventId: string | undefined;
  let isAway = false;
  for (let attempt = 0; ; attempt += 1) {
    let isFirst = true;
    for await (const events of readTail(connection, parameters, lastEventId, options)) {
      lastEventId = events.lastEventId ?? lastEventId;
      isAway = false;
      // One that greets and leaves, again and again, is not back.
      if (!isFirst || events.data.length > 0) attempt = 0;
      isFirst = false;
      if (events.data.length > 0) yield events.data;
    }
    if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
    if (lastEventId === undefined) throw brokeOff(connection);
    if (!isAway) onAway();
    isAway = true;
    await pause(jitteredDelayMs(attempt, random), signal);
  }
}

/** One connection's events. Where a tail had begun before, it ends when the collector is away, and throws only for good reasons. */
async function* readTail(
  connection: Connection,
  parameters: URLSearchParams,
  lastEventId: string | undefined,
  { signal, silenceMs = SILENCE_MS }: FollowOptions,
): AsyncGenerator<ReadEvents, void> {
  const silence = new AbortController();
  const attempt = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), silenceMs);
  const hasBegun = lastEventId !== undefined;
  try {
    const headers = { accept: EVENTS, ...(hasBegun && { "last-event-id": lastEventId }) };
    const response = await connection.request(`/logs/tail?${parameters}`, { headers, signal: attempt });
    if (response.status !== 200) {
      const error = await refusal(connection, response, signal);
      if (hasBegun && isRetryable(response.status)) return;
      throw error;
    }
    checkType(connection, response);
    const read = createEventReader();
    for await (const bytes of untilAborted(response.body ?? new Blob().stream(), attempt)) {
      clearTimeout(timer);
      yield read(bytes);
      // Only the collector's silence counts, not the time that our own reader takes.
      timer = setTimeout(() => silence.abort(), silenceMs);
    }
  } catch (error) {
    if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
    if (error instanceof LogctlError && (error.code !== "unreachable" || !hasBegun)) throw error;
  } finally {
    clearTimeout(timer);
  }
}

function brokeOff({ baseUrl }: Connection): LogctlError {
  return new LogctlError("unreachable", `the collector at ${baseUrl} broke off before it sent anything`);
}

function checkType({ baseUrl }: Connection, response: Response): void {
  const contentType = response.headers.get("content-type") ?? "no content type";
  if (contentType.startsWith(EVENTS)) return;
  const message = `${baseUrl}/logs/tail answers ${contentType} instead of a stream of records; is --url a logctl collector?`;
  throw new LogctlError("unexpected_answer", message);
}
