import type { CliContext, InputStream, OutputStream } from "./context.ts";
import { VERSION } from "./version.ts";

const argv = process.argv.slice(2);

// The version is asked for by scripts: it is answered before anything else is loaded. Not by process.stdout, which takes
// as long to come into being as all the rest of this.
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
  console.log(VERSION);
} else {
  const { run } = await import("./cli.ts");
  process.exitCode = await run(argv, processContext());
}

function processContext(): CliContext {
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      // The first asks; a second one does not wait for an answer.
      if (stopping.signal.aborted) process.exit(130);
      stopping.abort(name);
    });
  }
  return {
    stdin: inputStream(),
    stdout: outputStream(process.stdout, () => process.exit(0)),
    stderr: outputStream(process.stderr, () => {}),
    env: process.env,
    pid: process.pid,
    usage() {
      const { user, system } = process.cpuUsage();
      return {
        residentBytes: process.memoryUsage.rss(),
        cpuSeconds: (user + system) / 1e6,
        startedAtMs: Date.now() - process.uptime() * 1000,
      };
    },
    fetch: (request, trust) => fetch(request, trust && { tls: trust }),
    now: () => Date.now(),
    signal: stopping.signal,
  };
}

/** A reader that goes away (`| head`) is no failure of ours: `onClosed` ends quietly. */
function outputStream(stream: NodeJS.WriteStream, onClosed: () => void): OutputStream {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    onClosed();
  });
  let written = Promise.resolve();
  return {
    write(text) {
      // Bun never says that a stream needs to drain, but calls back once the reader's pipe has taken what was written.
      written = new Promise((resolve) => stream.write(text, () => resolve()));
    },
    drain: () => written,
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns;
    },
  };
}

function inputStream(): InputStream {
  return {
    isTTY: process.stdin.isTTY === true,
    chunks: () => Bun.stdin.stream() as unknown as AsyncIterable<Uint8Array>,
  };
}
