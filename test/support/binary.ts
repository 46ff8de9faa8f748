import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The compiled program, as `bun run build` leaves it. */
export const BINARY = resolve(import.meta.dir, "../../dist/logctl");

export type Finished = { code: number | null; out: string; err: string };

export type RunOptions = {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string | Uint8Array;
};

/** A user's environment, but that nothing is left on the disk: nothing of the test runner's own gets through. */
export function environment(env: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: tmpdir(), TZ: "UTC", LOGCTL_SPOOL: "off", ...env };
}

/** Runs the program to its end. */
export async function runBinary(args: string[], { cwd, env, stdin }: RunOptions = {}): Promise<Finished> {
  const child = Bun.spawn([BINARY, ...args], {
    cwd: cwd ?? tmpdir(),
    env: environment(env),
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin as string),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out, err };
}

export type Collector = AsyncDisposable & {
  url: string;
  pid: number;
  folder: string;
  database: string;
  /** What it has written to stderr so far. */
  err(): string;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to stop, and answers its exit code. */
  stop(): Promise<number | null>;
  /** Starts it again on the same database; `url` is another then, unless `more` names the port. */
  restart(more?: string[]): Promise<void>;
};

export type CollectorOptions = {
  /** The folder that its database is in; else one that goes when it is disposed of. */
  folder?: string;
  /** A command that runs it, such as `prlimit`; it must become the program itself. */
  prefix?: string[];
  env?: Record<string, string>;
  /** Another build of it. */
  binary?: string;
};

/** `logctl serve` on a port and in a folder of its own, ready to be asked. */
export async function startCollector(args: string[] = [], options: CollectorOptions = {}): Promise<Collector> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "logctl-e2e-")));
  const database = join(folder, "logs.db");
  let running = await start(database, args, options);
  return {
    get url() {
      return running.url;
    },
    get pid() {
      return running.child.pid;
    },
    folder,
    database,
    err: () => running.err(),
    async kill() {
      running.child.kill("SIGKILL");
      await running.child.exited;
    },
    async stop() {
      running.child.kill("SIGTERM");
      await running.child.exited;
      return running.child.exitCode;
    },
    async restart(more = []) {
      running = await start(database, [...args, ...more], options);
    },
    async [Symbol.asyncDispose]() {
      running.child.kill("SIGKILL");
      await running.child.exited;
      if (options.folder === undefined) await rm(folder, { recursive: true });
    },
  };
}

async function start(database: string, args: string[], { prefix = [], env, binary = BINARY }: CollectorOptions) {
  const child = Bun.spawn([...prefix, binary, "serve", "--port", "0", "--db", database, ...args], {
    env: environment(env),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let err = "";
  const { promise, resolve: found, reject } = Promise.withResolvers<string>();
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) {
      err += decoder.decode(chunk, { stream: true });
      const url = /https?:\/\/\S+:\d+/.exec(err)?.[0];
      if (url !== undefined) found(url);
    }
    reject(new Error(`the collector did not start: ${err}`));
  })();
  reading.catch(reject);
  return { child, url: await promise, err: () => err };
}

/** Waits until `check` answers something but undefined; fails after ten seconds. */
export async function eventually<Value>(check: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error("what was waited for did not happen within 10 s");
    await Bun.sleep(10);
  }
}
