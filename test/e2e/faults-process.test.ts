import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { BINARY, environment, eventually, runBinary, startCollector } from "../support/binary.ts";
import { makeFalseClock } from "../support/false-clock.ts";
import { hasProgram, isRoot } from "../support/faults.ts";
import { accountFor, createLoad, healthOf, REPORTS_TOKEN } from "../support/load.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

async function write(url: string, message: string): Promise<number> {
  const response = await fetch(`${url}/logs`, { method: "POST", body: JSON.stringify({ message }), headers: REPORTS_TOKEN });
  await response.arrayBuffer();
  return response.status;
}

async function newest(url: string, count: number): Promise<{ id: number; message: string; received_at: string }[]> {
  return (await (await fetch(`${url}/logs?limit=${count}`)).json()) as { id: number; message: string; received_at: string }[];
}

describe("SIGTERM under load", () => {
  test("answers what is under way with no 5xx, exits 0, leaves no WAL, and all that was acknowledged is there", async () => {
    await using collector = await startCollector();
    const loads = Array.from({ length: 8 }, (_, i) => createLoad(`sigterm-${i}`));
    let stopping = false;
    const running = loads.map(async (load) => {
      // No answer at all is what a client gets that comes too late.
      while ((await load.send(collector.url)) !== 0 || !stopping);
    });
    await eventually(() => (loads.every(({ acknowledged }) => acknowledged.length > 500) ? true : undefined));
    stopping = true;
    expect(await collector.stop()).toBe(0);
    await Promise.all(running);
    for (const { statuses } of loads) expect([...statuses.keys()].filter((status) => status !== 0)).toEqual([200]);
    expect(readdirSync(collector.folder).filter((file) => /-(wal|shm)$/.test(file))).toEqual([]);
    await collector.restart();
    expect(
      await accountFor(
        collector.url,
        loads.flatMap(({ acknowledged }) => acknowledged),
      ),
    ).toMatchObject({ lost: 0, doubled: 0 });
  }, 20_000);

  test("waits for a body that is still arriving, and answers it", async () => {
    await using collector = await startCollector();
    const encoder = new TextEncoder();
    const { promise: stopping, resolve: rest } = Promise.withResolvers<void>();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(encoder.encode('{"message":"the first half'));
        await stopping;
        controller.enqueue(encoder.encode(' and the second"}'));
        controller.close();
      },
    });
    const answer = fetch(`${collector.url}/logs`, { method: "POST", body, headers: REPORTS_TOKEN });
    await Bun.sleep(200);
    const ended = collector.stop();
    await eventually(() => (collector.err().includes('"event":"collector_stopping"') ? true : undefined));
    await Bun.sleep(200);
    rest();
    expect((await answer).status).toBe(200);
    expect(await ended).toBe(0);
    await collector.restart();
    expect((await newest(collector.url, 10)).map(({ message }) => message)).toEqual(["the first half and the second"]);
  }, 20_000);

  test("a second one does not wait for a request that goes on for ever", async () => {
    await using collector = await startCollector();
    expect(await write(collector.url, "before")).toBe(200);
    const endless = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"message":"never ends')),
    });
    const hanging = fetch(`${collector.url}/logs`, { method: "POST", body: endless, headers: REPORTS_TOKEN }).catch(() => "cut");
    await Bun.sleep(200);
    process.kill(collector.pid, "SIGTERM");
    await eventually(() => (collector.err().includes('"event":"collector_stopping"') ? true : undefined));
    expect(await write(collector.url, "late").catch(() => 0)).toBe(0);
    const started = performance.now();
    expect(await collector.stop()).toBe(130);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(await hanging).toBe("cut");
    await collector.restart();
    expect((await newest(collector.url, 10)).map(({ message }) => message)).toEqual(["before"]);
  }, 20_000);
});

describe("a database that is deleted or replaced while it is open", () => {
  test.each([
    [
      "all its files are deleted",
      (path: string) => {
        for (const end of ["", "-wal", "-shm"]) rmSync(path + end);
      },
    ],
    ["its WAL is deleted", (path: string) => rmSync(`${path}-wal`)],
    [
      "another file is put in its place",
      (path: string) => writeFileSync(`${path}.new`, "") === undefined && renameSync(`${path}.new`, path),
    ],
  ])(
    "is noticed where %s: neither writes nor reads are answered, and /health says why",
    async (_, harm) => {
      await using collector = await startCollector();
      expect(await write(collector.url, "before")).toBe(200);
      expect(await newest(collector.url, 1)).toHaveLength(1);
      harm(collector.database);
      expect(await write(collector.url, "into nothing")).toBe(503);
      for (const path of ["/logs", "/logs/stats", "/logs/fields", "/logs/tail?last=1"]) {
        expect([path, (await fetch(collector.url + path)).status]).toEqual([path, 503]);
      }
      const health = await healthOf(collector.url);
      expect([health.status, health.reasons]).toEqual([503, ["store_unavailable"]]);
      expect(health.text).toContain("deleted or replaced");
    },
    20_000,
  );
});

describe("two collectors on one file", () => {
  test("the second refuses with one line that names the first, and the first goes on", async () => {
    await using collector = await startCollector();
    const { code, out, err } = await runBinary(["serve", "--port", "0", "--db", collector.database]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe(
      `logctl: the database '${collector.database}' is in use by process ${collector.pid}; stop it, or name another file by --db\n`,
    );
    expect(await write(collector.url, "still here")).toBe(200);
  }, 20_000);
});

describe("a folder that cannot be written to", () => {
  test.skipIf(!isRoot || !hasProgram("setpriv"))("is one line, exit code 1 and no stack trace", async () => {
    await using folder = await makeTemporaryFolder();
    mkdirSync(folder.file("sealed"));
    chmodSync(folder.path, 0o755);
    chmodSync(folder.file("sealed"), 0o555);
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const child = Bun.spawn([...nobody, BINARY, "serve", "--port", "0", "--db", folder.file("sealed/logs.db")], {
      env: environment(),
      cwd: "/",
      stdout: "pipe",
      stderr: "pipe",
    });
    const err = await new Response(child.stderr).text();
    expect([await child.exited, await new Response(child.stdout).text()]).toEqual([1, ""]);
    expect(err).toMatch(/^logctl: the database '.*sealed\/logs.db' cannot be used: [^\n]+\n$/);
  });
});

describe("a limit on open files", () => {
  test.skipIf(!hasProgram("prlimit"))(
    "is no end of the collector: it answers again once clients have left",
    async () => {
      await using collector = await startCollector([], { prefix: ["prlimit", "--nofile=64"] });
      const { hostname, port } = new URL(collector.url);
      const sockets = await Promise.all(
        Array.from({ length: 100 }, () =>
          Bun.connect({ hostname, port: Number(port), socket: { data() {} } }).catch(() => undefined),
        ),
      );
      for (const socket of sockets) socket?.end();
      await eventually(async () => ((await write(collector.url, "after").catch(() => 0)) === 200 ? true : undefined));
      expect(await newest(collector.url, 1)).toMatchObject([{ message: "after" }]);
      expect((await healthOf(collector.url)).status).toBe(200);
    },
    20_000,
  );
});

describe("a clock that jumps", () => {
  test.skipIf(!hasProgram("cc"))(
    "keeps the order of arrival, refuses nothing, and drops nothing, also where it is started again meanwhile",
    async () => {
      await using scratch = await makeTemporaryFolder();
      const clock = makeFalseClock(scratch.file("."));
      await using collector = await startCollector(["--retain", "12h"], { env: clock?.env ?? {} });
      const messages: string[] = [];
      const [hour, year] = [3600, 365 * 86_400];
      for (const offset of [0, -hour, -10 * hour, hour, 0, 3 * year, -48 * hour]) {
        clock?.set(offset);
        messages.push(`at ${offset}, ${messages.length}`);
        expect(await write(collector.url, messages.at(-1) as string)).toBe(200);
      }
      const found = await newest(collector.url, 100);
      expect(found.map(({ message }) => message)).toEqual(messages.toReversed());
      expect(found.map(({ id }) => id)).toEqual([7, 6, 5, 4, 3, 2, 1]);
      // The clock was really another one.
      const [last, before] = found.map(({ received_at }) => Date.parse(received_at)) as [number, number];
      expect(Math.round((before - last) / 86_400_000)).toBe(3 * 365 + 2);
      clock?.set(3 * year);
      await collector.kill();
      await collector.restart();
      // More than what is dropped would be noticed by now: it is looked for at once, and with each MB.
      expect(await createLoad("later", () => "x".repeat(100_000)).send(collector.url, 40)).toBe(200);
      expect((await newest(collector.url, 100)).slice(40)).toEqual(found);
      expect(collector.err()).not.toContain("records_dropped");
      expect((await healthOf(collector.url)).status).toBe(200);
    },
    30_000,
  );
});

describe("SIGSTOP", () => {
  test("makes clients wait or time out; a retry with its key is stored once", async () => {
    await using collector = await startCollector();
    expect(await write(collector.url, "before")).toBe(200);
    const body = JSON.stringify({ message: "once" });
    const headers = { ...REPORTS_TOKEN, "idempotency-key": "k" };
    const send = (signal: AbortSignal | null) => fetch(`${collector.url}/logs`, { method: "POST", body, headers, signal });
    process.kill(collector.pid, "SIGSTOP");
    expect(await send(AbortSignal.timeout(1000)).catch((error: Error) => error.name)).toBe("TimeoutError");
    process.kill(collector.pid, "SIGCONT");
    const answers = [(await send(null)).status, (await send(null)).status];
    expect(answers).toEqual([200, 200]);
    expect((await newest(collector.url, 10)).map(({ message }) => message)).toEqual(["once", "before"]);
  }, 20_000);
});
