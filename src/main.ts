import { readFileSync } from "node:fs";
import type { CliContext, InputStream, OutputStream } from "./context.ts";
import { mayUseProxy } from "./may-use-proxy.ts";
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
  for (const name of ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP"] as const) {
    if (name === "SIGHUP" && isHangupIgnored()) continue;
    process.on(name, () => {
      // The first asks; a second one does not wait for an answer. Of a terminal that closes two or three come at once, by the
      // shell and by the kernel: that is nobody's impatience.
      if (stopping.signal.aborted && name !== "SIGHUP") process.exit(130);
      stopping.abort(name);
    });
  }
  return {
    stdin: inputStream(),
    stdout: outputStream(process.stdout, ({ code }) => (code === "EPIPE" ? process.exit(0) : false)),
    // Whatever is wrong with it, there is nobody left to tell.
    stderr: outputStream(process.stderr, () => true),
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
    fetch(request, trust) {
      if (!mayUseProxy(new URL(request.url))) forgetProxies();
      return fetch(request, trust && { tls: trust });
    },
    page,
    now: () => Date.now(),
    signal: stopping.signal,
  };
}

async function page(text: string): Promise<void> {
  const pager = process.env["LOGCTL_PAGER"] || process.env["PAGER"] || "less -FRX";
  if (process.stdout.isTTY && process.platform !== "win32") {
    const child = Bun.spawn(["sh", "-c", pager], { stdin: new Blob([text]), stdout: "inherit", stderr: "inherit" });
    // The shell's words for a command that is not there.
    if ((await child.exited) !== 127) return;
  }
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}

/** Whether `nohup` started this: who closes the terminal does not mean it then. Where there is no /proc, it cannot be told. */
function isHangupIgnored(): boolean {
  try {
    const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return (BigInt(`0x${ignored}`) & 1n) === 1n;
  } catch {
    return false;
  }
}

/** Bun reads these at each request, and no option of one overrides them. A process asks one collector only. */
function forgetProxies(): void {
  for (const name of ["http_proxy", "https_proxy", "all_proxy"]) {
    delete process.env[name];
    delete process.env[name.toUpperCase()];
  }
}

/** A reader that goes away (`| head`) is no failure of ours: `isExpected` says so, or ends quietly. */
function outputStream(stream: NodeJS.WriteStream, isExpected: (error: NodeJS.ErrnoException) => boolean): OutputStream {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (!isExpected(error)) throw error;
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
