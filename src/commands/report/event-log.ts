import { LogctlError } from "../../errors.ts";
import { LOG_LEVELS, type LogEvent, type LogEvents, type LogLevel } from "../../log-event.ts";
import { sanitizeText } from "../../render/text/sanitize.ts";

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The collector's own log. */
export type EventLog = {
  log: LogEvents;
  /** Whether events of the level are written: what is not need not be put together. */
  writes(level: LogLevel): boolean;
  /** An event that a person reads as this text. */
  announce(event: LogEvent, text: string): void;
  /** Writes what is still held back. */
  close(): void;
};

export type EventLogOptions = {
  /** Events below it are left out. */
  level: LogLevel;
  format: LogFormat;
  /** Milliseconds since the epoch. */
  now: () => number;
  write: (text: string) => void;
  /** For so long an event that may repeat is not written again, but counted. */
  repeatMs?: number;
};

type Repeat = { event: LogEvent; times: number; timer: ReturnType<typeof setTimeout> };

const REPEAT_MS = 10_000;
/** So many different events are told apart; beyond, those of one kind count as the same. */
const MAX_KNOWN = 100;

/**
 * One line an event: JSON, in which no text can pass for another line, or for people. What clients can make happen again
 * and again is written once in ten seconds, with how often it came.
 */
export function createEventLog({ level, format, now, write, repeatMs = REPEAT_MS }: EventLogOptions): EventLog {
  const least = LOG_LEVELS.indexOf(level);
  const known = new Map<string, Repeat>();

  function put(event: LogEvent): void {
    write(format === "json" ? jsonLine(event, now()) : textLine(event, now()));
  }

  function expire(key: string): void {
    const repeat = known.get(key);
    known.delete(key);
    if (repeat === undefined) return;
    clearTimeout(repeat.timer);
    const { event, times } = repeat;
    if (times > 0) put({ ...event, fields: { ...event.fields, repeated: times } });
  }

  function writes(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= least;
  }

  function log(event: LogEvent): void {
    if (!writes(event.level)) return;
    if (event.mayRepeat !== true) return put(event);
    const key = known.size < MAX_KNOWN ? `${event.event} ${event.message}` : event.event;
    const repeat = known.get(key);
    if (repeat !== undefined) {
      repeat.times += 1;
      repeat.event = event;
      return;
    }
    put(event);
    known.set(key, { event, times: 0, timer: setTimeout(() => expire(key), repeatMs) });
  }

  return {
    log,
    writes,
    announce(event, text) {
      if (format === "text") write(text);
      else log(event);
    },
    close() {
      for (const key of [...known.keys()]) expire(key);
    },
  };
}

function jsonLine({ level, event, message, fields }: LogEvent, nowMs: number): string {
  return `${JSON.stringify({ time: new Date(nowMs).toISOString(), level, event, message, ...fields })}\n`;
}

function textLine({ level, message, fields = {} }: LogEvent, nowMs: number): string {
  const { stack, ...rest } = fields;
  const pairs = Object.entries(rest).map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const line = sanitizeText(`${new Date(nowMs).toISOString()} ${level.toUpperCase()} ${message}${pairs.join("")}`);
  if (typeof stack !== "string") return `${line}\n`;
  const frames = stack.split("\n").map((frame) => `    ${sanitizeText(frame.trim())}\n`);
  return `${line}\n${frames.join("")}`;
}

/** An error as fields of an event; it may have a cause that the message does not tell. */
export function errorFields(error: unknown): { message: string; fields: Record<string, unknown> } {
  const { message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  const behind = cause instanceof Error ? { cause: cause.stack ?? cause.message } : {};
  // What was foreseen says all there is to say by its message.
  return { message, fields: { ...(error instanceof LogctlError ? { code: error.code } : { stack }), ...behind } };
}
