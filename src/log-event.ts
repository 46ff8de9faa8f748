/** From what only a developer wants to know to what somebody has to do something about. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Something that happened in the collector, for its own log. Never a token, and nothing of what was sent. */
export type LogEvent = {
  level: LogLevel;
  /** What kind of event it is: a name that does not change, with underscores. */
  event: string;
  message: string;
  /** Clients can have it happen very often: then it is written now and then only, with how often it came. */
  mayRepeat?: true;
  fields?: Record<string, unknown>;
};

export type LogEvents = (event: LogEvent) => void;
