import { readFileSync, writeFileSync } from "node:fs";

export type ServerProcess = {
  port: number;
  /** User and system time of the process with all its threads, since it started. */
  cpuSeconds(): number;
  /** The most memory it had resident since it started, or since `forgetPeakMemory`. */
  peakMemoryBytes(): number;
  forgetPeakMemory(): void;
  residentBytes(): number;
  /** Asks it to stop, and ends it when it does not within a few seconds. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
  /** The last it printed, on both streams. */
  output(): string;
};

const START_MS = 30_000;
const STOP_MS = 10_000;
/** Linux counts CPU time for user space in 1/100 s on every architecture Bun runs on. */
const TICKS_PER_SECOND = 100;
const KEPT_CHARACTERS = 4000;

/**
 * Starts a server as a child process and waits until it has printed its URL, on whichever stream. `track` is given the
 * process before anything can fail, so that it can be ended whatever happens.
 */
export async function startServer(
  command: string[],
  env: Record<string, string | undefined>,
  track: (server: Pick<ServerProcess, "stop" | "kill" | "output">) => void,
): Promise<ServerProcess> {
  const child = Bun.spawn(command, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  let printed = "";
  const output = () => printed;
  const kill = () => child.kill("SIGKILL");
  async function stop(): Promise<void> {
    child.kill("SIGTERM");
    const timer = setTimeout(kill, STOP_MS);
    await child.exited;
    clearTimeout(timer);
  }
  track({ stop, kill, output });

  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Read to the end, also after the URL: a full pipe would stop the server.
  async function watch(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      printed = (printed + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
      const port = /http:\/\/127\.0\.0\.1:(\d+)\b/.exec(printed)?.[1];
      if (port !== undefined) resolve(Number(port));
    }
  }
  void watch(child.stdout);
  void watch(child.stderr);
  void child.exited.then((code) => reject(new Error(`${command.join(" ")} ended with ${code}`)));
  const timer = setTimeout(() => reject(new Error(`${command.join(" ")} printed no URL`)), START_MS);
  const port = await promise.finally(() => clearTimeout(timer));

  return {
    port,
    stop,
    kill,
    output,
    cpuSeconds() {
      // The command's name, in parentheses, may have spaces in it; the fields after it count from the state, field 3.
      const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    peakMemoryBytes: () => readMemoryBytes(child.pid, "VmHWM"),
    residentBytes: () => readMemoryBytes(child.pid, "VmRSS"),
    // proc(5): 5 sets the peak to what is resident now.
    forgetPeakMemory: () => writeFileSync(`/proc/${child.pid}/clear_refs`, "5"),
  };
}

function readMemoryBytes(pid: number, field: "VmHWM" | "VmRSS"): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kib) * 1024;
}
