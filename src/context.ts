/** Where a command reads and writes; the process edge fills it, tests fill it with their own. */
export type OutputStream = {
  write(text: string): void;
  /** Resolves once what was written has been handed on, so that memory stays flat whatever the reader's pace. */
  drain(): Promise<void>;
  isTTY: boolean;
  /** Terminal width in columns; undefined where there is no terminal. */
  columns: number | undefined;
};

export type InputStream = {
  isTTY: boolean;
  chunks(): AsyncIterable<Uint8Array>;
};

/** What the outside world is to a command: nothing below the process edge names `process`. */
export type CliContext = {
  stdin: InputStream;
  stdout: OutputStream;
  stderr: OutputStream;
  env: Record<string, string | undefined>;
  /** This process, as a lock names it. */
  pid: number;
  /** What this process takes of the machine; when it started, in ms since the epoch. */
  usage: () => { residentBytes: number; cpuSeconds: number; startedAtMs: number };
  /** `ca`: the certificates, as PEM, that are trusted instead of the usual ones. */
  fetch: (request: Request, trust?: { ca: string }) => Promise<Response>;
  /** Shows a long text to a person, a screen at a time where there is a terminal; elsewhere writes it. */
  page: (text: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Aborted by Ctrl-C, SIGTERM, SIGQUIT or SIGHUP; a command ends what it does and says what it did. */
  signal: AbortSignal;
};
