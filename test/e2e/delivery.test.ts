import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BINARY, environment, eventually, runBinary, startCollector } from "../support/binary.ts";
import { answerErrorWith, createFakeCollector, type Script } from "../support/fake-collector.ts";
import { waitingIn } from "../support/outages.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { openVolatileDisk, whyNoDisk } from "../support/volatile-disk.ts";

const noDisk = whyNoDisk("ext4");
if (noDisk !== undefined) console.error(`no power cut of a sender: ${noDisk}`);

/** A collector in memory that can be reached by HTTP. */
function serveFake(script: Script) {
  const collector = createFakeCollector(script);
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: collector.fetch });
  return { ...collector, url: server.url.origin, [Symbol.dispose]: () => void server.stop(true) };
}

/** `logctl send` on a pipe that a test writes to. */
function startSend(url: string, state: string, args: string[] = []) {
  const child = Bun.spawn([BINARY, "send", "--service", "reports", "--url", url, ...args], {
    env: environment({ LOGCTL_SPOOL: state }),
    stdin: "pipe",
    stdout: "ignore",
    stderr: "pipe",
  });
  return { child, err: new Response(child.stderr).text() };
}

const messagesOf = (records: Record<string, unknown>[]) => records.map(({ message }) => message);

function deadIn(state: string): Record<string, unknown>[] {
  const [spool] = readdirSync(state) as [string];
  const dead = join(state, spool, "dead");
  const texts = readdirSync(dead).map((name) => readFileSync(join(dead, name), "utf8"));
  return texts.flatMap((text) => text.trimEnd().split("\n")).map((line) => JSON.parse(line));
}

describe("what a sender does with what a collector answers", () => {
  test("waits as Retry-After says after a 429, splits after a 413, never repeats a 400 or a 501, and keeps those with the reason", async () => {
    await using folder = await makeTemporaryFolder();
    const times: number[] = [];
    using collector = serveFake(({ records }, count) => {
      times.push(performance.now());
      if (count === 1) return answerErrorWith(429, "overloaded", "slow down", { "retry-after": "1" });
      if (records.length > 2) return answerErrorWith(413, "body_too_large", "too large");
      return records.some(({ message }) => message === "unknown") ? answerErrorWith(501, "internal", "not here") : undefined;
    });
    const { code, err } = await runBinary(["send", "--service", "reports", "--url", collector.url], {
      env: { LOGCTL_SPOOL: folder.path },
      stdin: 'a\nb\n{"message":""}\nd\nunknown\ne\n',
    });
    expect(messagesOf(collector.stored)).toEqual(["a", "b", "d"]);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThan(950);
    expect(collector.requests.map(({ records }) => records.length)).toEqual([6, 6, 3, 2, 2, 2]);
    expect(collector.requests[0]?.key).toBe(collector.requests[1]?.key as string);
    expect(new Set(collector.requests.map(({ key }) => key)).size).toBe(5);
    expect(deadIn(folder.path)).toMatchObject([
      { code: "missing_message", record: { message: "" } },
      { code: "internal", message: "not here", record: { message: "unknown" } },
      { code: "internal", record: { message: "e" } },
    ]);
    expect(code).toBe(1);
    expect(err).toContain("logctl: 3 of 6 records were refused and are not stored\n");
  }, 30_000);

  test("leaves on disk what a collector that is away does not take, says so with exit code 5, and the next one delivers it first", async () => {
    await using collector = await startCollector();
    const state = join(collector.folder, "state");
    await collector.kill();
    const send = (stdin: string) =>
      runBinary(["send", "--service", "reports", "--url", collector.url], { env: { LOGCTL_SPOOL: state }, stdin });
    const first = await send("one\ntwo\n");
    expect(first.code).toBe(5);
    expect(first.err.split("\n")).toEqual([
      expect.stringMatching(/^logctl: what comes waits in \S+: no collector answers at /),
      expect.stringMatching(
        /^logctl: 2 records wait in \S+, not yet stored; logctl spool drain --url \S+ delivers them once the collector is back$/,
      ),
      "",
    ]);
    const status = await runBinary(["spool", "status", "--spool", state, "-o", "json"]);
    expect(JSON.parse(status.out)).toMatchObject([{ url: collector.url, records: 2, batches: 1, dead: 0, used_by: null }]);
    expect((await runBinary(["spool", "drain", "--url", collector.url], { env: { LOGCTL_SPOOL: state } })).code).toBe(5);
    await collector.restart(["--port", new URL(collector.url).port]);
    expect(await send("three\n")).toMatchObject({ code: 0, err: "stored 1 record, and 2 that had waited\n" });
    const answer = await fetch(`${collector.url}/logs?order=asc`);
    expect(messagesOf((await answer.json()) as Record<string, unknown>[])).toEqual(["one", "two", "three"]);
    const drain = await runBinary(["spool", "drain", "--url", collector.url], { env: { LOGCTL_SPOOL: state } });
    expect(drain).toMatchObject({ code: 0, err: `nothing waits for the collector at ${collector.url}\n` });
  }, 30_000);

  test("keeps what it read where it is told to stop while a collector does not answer", async () => {
    await using folder = await makeTemporaryFolder();
    const { promise: never } = Promise.withResolvers<undefined>();
    using collector = serveFake(() => never);
    const { child, err } = startSend(collector.url, folder.path);
    child.stdin.write("one\ntwo\n");
    child.stdin.flush();
    await eventually(() => (collector.requests.length > 0 ? true : undefined));
    child.stdin.write("three\n");
    child.stdin.flush();
    // The first batch is put there after a while without an answer, and what comes next goes there too.
    while ((await waitingIn(folder.path)) < 3) await Bun.sleep(100);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(5);
    expect(await err).toContain("3 records wait in ");
    expect(await waitingIn(folder.path)).toBe(3);
  }, 30_000);

  test("makes files that only their owner can read, and lets one process at a time work on them", async () => {
    await using folder = await makeTemporaryFolder();
    const url = "http://127.0.0.1:9";
    const { child } = startSend(url, folder.file("state"));
    child.stdin.write("one\n");
    child.stdin.flush();
    await eventually(async () => ((await waitingIn(folder.file("state"))) > 0 ? true : undefined));
    const [spool] = readdirSync(folder.file("state")) as [string];
    const path = join(folder.file("state"), spool);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path)) expect([name, statSync(join(path, name)).mode & 0o777]).toEqual([name, 0o600]);
    const drain = await runBinary(["spool", "drain", "--url", url], { env: { LOGCTL_SPOOL: folder.file("state") } });
    expect([drain.code, drain.err]).toEqual([1, expect.stringContaining(`is in use by process ${child.pid}`)]);
    // Another sender to the same collector has a spool of its own.
    const other = await runBinary(["send", "--service", "reports", "--url", url], {
      ...{ env: { LOGCTL_SPOOL: folder.file("state") }, stdin: "two\n" },
    });
    expect(other.code).toBe(5);
    expect(readdirSync(folder.file("state"))).toHaveLength(2);
    child.kill("SIGKILL");
    await child.exited;
  }, 30_000);

  test("puts spools where programs keep their state, and none with --no-spool", async () => {
    await using folder = await makeTemporaryFolder();
    const env = { LOGCTL_SPOOL: "", XDG_STATE_HOME: folder.path };
    const args = ["send", "--service", "reports", "--url", "http://127.0.0.1:9"];
    expect((await runBinary([...args, "--no-spool"], { env, stdin: "one\n" })).code).toBe(3);
    expect(readdirSync(folder.path)).toEqual([]);
    expect((await runBinary(args, { env, stdin: "one\n" })).code).toBe(5);
    expect(await waitingIn(folder.file("logctl/spool"))).toBe(1);
    const home = { LOGCTL_SPOOL: "", HOME: folder.file("home") };
    expect((await runBinary([...args, "--message", "m"], { env: home })).code).toBe(5);
    expect(await waitingIn(folder.file("home/.local/state/logctl/spool"))).toBe(1);
  }, 30_000);

  test.skipIf(noDisk !== undefined)(
    "has on disk what waits: a sender's power is cut, and nothing is lost",
    async () => {
      await using disk = await openVolatileDisk("ext4");
      await using collector = await startCollector();
      const state = join(disk.folder, "state");
      await collector.kill();
      const { child } = startSend(collector.url, state);
      let lines = 0;
      for (let batch = 0; batch < 6; batch += 1) {
        lines += 1;
        child.stdin.write(`${lines}\n`);
        child.stdin.flush();
        while ((await waitingIn(state)) < lines) await Bun.sleep(20);
      }
      await disk.cut(child.pid);
      child.kill("SIGKILL");
      await child.exited;
      disk.remount();
      // The last one can be seen before it is on disk; those before it were there then.
      const waiting = await waitingIn(state);
      expect(waiting).toBeGreaterThanOrEqual(5);
      await collector.restart(["--port", new URL(collector.url).port]);
      const drain = await runBinary(["spool", "drain", "--url", collector.url], { env: { LOGCTL_SPOOL: state } });
      expect(drain).toMatchObject({ code: 0, err: `delivered ${waiting} records\n` });
      const answer = await fetch(`${collector.url}/logs?order=asc`);
      expect(messagesOf((await answer.json()) as Record<string, unknown>[])).toEqual(
        ["1", "2", "3", "4", "5", "6"].slice(0, waiting),
      );
    },
    60_000,
  );

  test.skipIf(noDisk !== undefined)(
    "says what it could not keep where the disk is full, and loses nothing that it kept",
    async () => {
      await using folder = await makeTemporaryFolder();
      mkdirSync(folder.file("small"));
      expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.file("small")]).success).toBe(true);
      try {
        await using collector = await startCollector();
        await collector.kill();
        const env = { LOGCTL_SPOOL: folder.file("small/state") };
        const stdin = Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join("");
        const { code, err } = await runBinary(["send", "--service", "reports", "--url", collector.url], { env, stdin });
        expect(code).toBe(1);
        const waiting = await waitingIn(folder.file("small/state"));
        expect(err.trimEnd().split("\n").slice(1)).toEqual([
          expect.stringMatching(/^logctl: there is no room on the disk for the spool '[^']+' \(nothing is spooled meanwhile\)$/),
          expect.stringMatching(/^stored 0 records; \d+ more were read and are not known to be stored$/),
          expect.stringContaining(`${waiting} records wait in `),
          expect.stringMatching(/^logctl: there is no room on the disk for the spool '[^']+'$/),
        ]);
        await collector.restart(["--port", new URL(collector.url).port]);
        const drain = await runBinary(["spool", "drain", "--url", collector.url], { env });
        expect(drain).toMatchObject({ code: 0, err: `delivered ${waiting} records\n` });
      } finally {
        Bun.spawnSync(["umount", folder.file("small")]);
      }
    },
    60_000,
  );
});
