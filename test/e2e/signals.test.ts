import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BINARY, environment, eventually } from "../support/binary.ts";
import { waitingIn } from "../support/outages.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const NOBODY = "http://127.0.0.1:9";
const SENDING = ["send", "--service", "reports", "--url", NOBODY];

/** `logctl send` that has read three lines, for a collector that is away. */
async function startSend(state: string) {
  const child = Bun.spawn([BINARY, ...SENDING], {
    env: environment({ LOGCTL_SPOOL: state }),
    stdin: "pipe",
    stdout: "ignore",
    stderr: "pipe",
  });
  child.stdin.write("one\ntwo\nthree\n");
  child.stdin.flush();
  await eventually(async () => ((await waitingIn(state)) === 3 ? true : undefined));
  return child;
}

/** `logctl serve` that listens. */
async function startServe(folder: TemporaryFolder, prefix: string[] = []) {
  const child = Bun.spawn([...prefix, BINARY, "serve", "--port", "0", "--db", folder.file("logs.db")], {
    env: environment(),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const reader = child.stderr.getReader();
  let err = "";
  const url = await eventually(async () => {
    err += new TextDecoder().decode((await reader.read()).value);
    return /https?:\/\/[\w.:]+\d/.exec(err)?.[0];
  });
  return {
    ...{ child, url },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

describe.each(["SIGHUP", "SIGQUIT", "SIGTERM"] as const)("%s", (signal) => {
  test("leaves on disk what a sender has read, and says so", async () => {
    await using folder = await makeTemporaryFolder();
    const child = await startSend(folder.path);
    child.kill(signal);
    expect([await child.exited, child.signalCode]).toEqual([5, null]);
    expect(await new Response(child.stderr).text()).toContain("3 records wait in ");
    expect(await waitingIn(folder.path)).toBe(3);
  }, 30_000);

  test("ends a simulation with its summary", async () => {
    await using folder = await makeTemporaryFolder();
    await using collector = await startServe(folder);
    const { url } = collector;
    const child = Bun.spawn([BINARY, "simulate", "--interval", "0.05", "--url", url], {
      env: environment(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    await eventually(async () =>
      ((await (await fetch(`${url}/logs/stats`)).json()) as { count: number }).count > 0 ? true : undefined,
    );
    child.kill(signal);
    expect([await child.exited, child.signalCode]).toEqual([0, null]);
    expect(await new Response(child.stderr).text()).toMatch(/sent \d+ records?/);
  }, 30_000);

  test("leaves one whole file of a collector", async () => {
    await using folder = await makeTemporaryFolder();
    await using collector = await startServe(folder);
    const { child } = collector;
    child.kill(signal);
    expect([await child.exited, child.signalCode]).toEqual([0, null]);
    expect(existsSync(folder.file("logs.db-wal"))).toBe(false);
  }, 30_000);
});

describe("a terminal that closes", () => {
  test("costs a sender nothing, though it can tell nobody and is told several times", async () => {
    await using folder = await makeTemporaryFolder();
    const fifo = folder.file("lines");
    expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0);
    const lines = openSync(fifo, "r+");
    const state = folder.file("state");
    // As a shell with a job in the foreground: it, and the kernel, pass on that the terminal is gone.
    const shell = Bun.spawn(["sh", "-c", `"$0" "$@" < '${fifo}'; :`, BINARY, ...SENDING], {
      env: environment({ LOGCTL_SPOOL: state }),
      terminal: {},
    });
    writeSync(lines, "one\n");
    await eventually(async () => ((await waitingIn(state)) === 1 ? true : undefined));
    writeSync(lines, "two\nthree\n");
    await eventually(async () => ((await waitingIn(state)) === 3 ? true : undefined));
    shell.terminal?.close();
    await shell.exited;
    await eventually(async () => {
      const [spool] = JSON.parse(Bun.spawnSync([BINARY, "spool", "status", "--spool", state]).stdout.toString());
      return spool.used_by === null ? true : undefined;
    });
    expect(await waitingIn(state)).toBe(3);
    // It was not killed: the file says itself how long it is.
    const [spool] = readdirSync(state) as [string];
    const segment = readFileSync(join(state, spool, "0000000001.spool"));
    expect(segment.readUInt32LE(8)).toBe(segment.length);
    closeSync(lines);
  }, 30_000);

  test("means nothing to a collector that nohup started", async () => {
    await using folder = await makeTemporaryFolder();
    await using collector = await startServe(folder, ["nohup"]);
    const { child, url } = collector;
    child.kill("SIGHUP");
    expect((await fetch(`${url}/health`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  }, 30_000);

  test("several times does not hurry a sender", async () => {
    await using folder = await makeTemporaryFolder();
    const child = await startSend(folder.path);
    for (let count = 0; count < 3; count += 1) child.kill("SIGHUP");
    expect([await child.exited, await waitingIn(folder.path)]).toEqual([5, 3]);
  }, 30_000);
});
