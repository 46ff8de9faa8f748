import type { CliContext, OutputStream } from "../../src/context.ts";

export type TestContextOptions = {
  /** Stands in for the network; without it every request fails as if no collector were running. */
  fetch?: (request: Request) => Promise<Response>;
  env?: Record<string, string | undefined>;
  stdinText?: string | Uint8Array[];
  stdinIsTTY?: boolean;
  stdoutIsTTY?: boolean;
  columns?: number;
  now?: () => number;
  signal?: AbortSignal;
};

/** A CliContext in memory, with what was written so far as text. Both outputs are terminals or neither is. */
export type TestContext = CliContext & { out(): string; err(): string };

export function createTestContext(options: TestContextOptions = {}): TestContext {
  const out: string[] = [];
  const err: string[] = [];
  const isTTY = options.stdoutIsTTY ?? false;
  return {
    stdin: {
      isTTY: options.stdinIsTTY ?? false,
      async *chunks() {
        const input = options.stdinText ?? "";
        yield* typeof input === "string" ? [new TextEncoder().encode(input)] : input;
      },
    },
    stdout: captureInto(out, isTTY, options.columns),
    stderr: captureInto(err, isTTY, options.columns),
    env: options.env ?? {},
    pid: process.pid,
    usage: () => ({ residentBytes: 50_000_000, cpuSeconds: 1.5, startedAtMs: 1_764_000_000_000 }),
    fetch: options.fetch ?? (() => Promise.reject(new TypeError("Unable to connect"))),
    page: async (text) => void out.push(text),
    now: options.now ?? (() => Date.now()),
    signal: options.signal ?? new AbortController().signal,
    out: () => out.join(""),
    err: () => err.join(""),
  };
}

function captureInto(parts: string[], isTTY: boolean, columns: number | undefined): OutputStream {
  return {
    write: (text) => {
      parts.push(text);
    },
    drain: () => Promise.resolve(),
    isTTY,
    columns: isTTY ? (columns ?? 80) : undefined,
  };
}
