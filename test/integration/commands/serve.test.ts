import { describe, expect, test } from "bun:test";
import { chmod, readdir, stat } from "node:fs/promises";
import { run } from "../../../src/cli.ts";
import { createTestContext } from "../../support/cli.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** Runs `logctl serve` in this process; `stop` is what Ctrl-C does. */
async function serve(args: string[], env: Record<string, string> = {}) {
  const stopping = new AbortController();
  const context = createTestContext({ signal: stopping.signal, env });
  const ended = run(["serve", ...args], context);
  const url = async () => {
    while (!/http:\/\/\S+/.test(context.err()))
      await Promise.race([ended.then(() => Promise.reject(new Error(context.err()))), Bun.sleep(5)]);
    return /http:\/\/\S+/.exec(context.err())?.[0] as string;
  };
  return {
    url,
    err: context.err,
    ended,
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

const MESSAGE = { method: "POST", body: '{"message":"m"}', headers: { authorization: "Token svc-reports-123" } };

describe("logctl serve", () => {
  test("collects over HTTP until it is told to stop, and leaves one file, its lock and its last id", async () => {
    await using folder = await makeTemporaryFolder();
    const server = await serve(["--port", "0", "--db", folder.file("logs.db"), "--log-format", "text"]);
    const url = await server.url();
    expect((await fetch(`${url}/logs`, MESSAGE)).status).toBe(200);
    expect(await (await fetch(`${url}/logs`)).json()).toMatchObject([{ message: "m" }]);
    expect(server.err()).toContain("svc-payments-456 writes as payments");
    expect(await server.stop()).toBe(0);
    expect((await readdir(folder.path)).sort()).toEqual(["logs.db", "logs.db-last", "logs.db-lock"]);
    expect(await fetch(`${url}/health`).catch(() => "gone")).toBe("gone");
  });

  test("finds what was stored before it was stopped, and says nothing of demo tokens once a token is made", async () => {
    await using folder = await makeTemporaryFolder();
    const env = { LOGCTL_DB: folder.file("logs.db"), LOGCTL_PORT: "0" };
    const first = await serve([], env);
    await fetch(`${await first.url()}/logs`, MESSAGE);
    await first.stop();
    const making = createTestContext({ env });
    expect(await run(["token", "create", "--service", "*", "--scope", "read"], making)).toBe(0);
    const second = await serve([], env);
    const url = await second.url();
    expect((await fetch(`${url}/logs`)).status).toBe(401);
    const headers = { authorization: `Token ${making.out().trim()}` };
    expect(await (await fetch(`${url}/logs`, { headers })).json()).toMatchObject([{ message: "m" }]);
    expect(second.err()).not.toContain("svc-");
    await second.stop();
  });

  test("refuses to listen beyond this machine while no token was made, and prints the command that helps", async () => {
    await using folder = await makeTemporaryFolder();
    const db = folder.file("logs.db");
    const outside = ["--host", "0.0.0.0", "--port", "0", "--insecure-http", "--db", db];
    const server = await serve(outside);
    expect(await server.ended).toBe(2);
    expect(server.err()).toContain(`logctl token create --db ${db}`);
    expect(server.err().trimEnd().split("\n")).toHaveLength(1);
    expect(await run(["token", "create", "--service", "payments", "--db", db], createTestContext())).toBe(0);
    const safe = await serve(outside);
    const port = new URL(await safe.url()).port;
    expect((await fetch(`http://127.0.0.1:${port}/logs`, { headers: { host: "logs.example" } })).status).toBe(401);
    await safe.stop();
  });

  test("refuses to listen beyond this machine without TLS, unless it is told that this is meant", async () => {
    await using folder = await makeTemporaryFolder();
    const db = folder.file("logs.db");
    const server = await serve(["--host", "0.0.0.0", "--port", "0", "--db", db]);
    expect([await server.ended, server.err()]).toEqual([
      2,
      expect.stringMatching(/^logctl: --host 0.0.0.0 [^\n]+--insecure-http[^\n]+\n$/),
    ]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("takes a database that others could read from them, and says so", async () => {
    await using folder = await makeTemporaryFolder();
    const db = folder.file("logs.db");
    const first = await serve(["--port", "0", "--db", db]);
    await first.url();
    await first.stop();
    expect(first.err()).not.toContain("could be read");
    await chmod(db, 0o644);
    const second = await serve(["--port", "0", "--db", db]);
    await second.url();
    await second.stop();
    expect(second.err()).toContain(`${db} could be read by other users; now only its owner can (mode 0600)`);
    expect((await stat(db)).mode & 0o777).toBe(0o600);
  });

  test("says in one line what address or database it cannot have", async () => {
    await using folder = await makeTemporaryFolder();
    const db = folder.file("logs.db");
    const server = await serve(["--port", "0", "--db", db]);
    const port = new URL(await server.url()).port;
    const samePort = await serve(["--port", port, "--db", folder.file("other.db")]);
    expect([await samePort.ended, samePort.err()]).toEqual([
      1,
      expect.stringContaining(`cannot listen at 127.0.0.1:${port}: is another`),
    ]);
    const sameFile = await serve(["--port", "0", "--db", db]);
    expect([await sameFile.ended, sameFile.err()]).toEqual([1, expect.stringContaining(`in use by process ${process.pid}`)]);
    await Bun.write(folder.file("notes.txt"), "no database at all, but long enough to be looked at. ".repeat(20));
    const text = await serve(["--port", "0", "--db", folder.file("notes.txt")]);
    expect([await text.ended, text.err()]).toEqual([
      1,
      expect.stringMatching(/^logctl: '.*notes.txt' is no database: [^\n]+\n$/),
    ]);
    const nowhere = await serve(["--port", "0", "--db", folder.file("no/such/folder.db")]);
    expect([await nowhere.ended, nowhere.err().trimEnd().split("\n").length]).toEqual([1, 1]);
    await server.stop();
  });

  test.each([
    [["--port", "http"], "--port 'http' is no whole number from 0 to 65535"],
    [["--port", "65536"], "--port '65536'"],
    [["--min-free", "much"], "--min-free 'much' is no size"],
    [["--min-free", "10KB"], "--min-free '10KB' is out of range; 1MB is the least"],
    [["--log-level", "loud"], "argument 'loud' is invalid"],
    [["--log-format", "xml"], "argument 'xml' is invalid"],
    [["--body-timeout", "0"], "--body-timeout '0' is no whole number from 1"],
    [["--tls-cert", "cert.pem"], "--tls-cert needs --tls-key"],
    [["--tls-key", "key.pem"], "--tls-key needs --tls-cert"],
    [["--tls-cert", "/no/such.pem", "--tls-key", "/no/such.pem"], "--tls-cert '/no/such.pem' cannot be read"],
    [["--bogus"], "unknown option '--bogus'"],
    [["extra"], "too many arguments"],
  ])("refuses %p with exit code 2", async (args, message) => {
    const server = await serve(args);
    expect(await server.ended).toBe(2);
    expect(server.err()).toContain(message);
    expect(server.err().trimEnd().split("\n")).toHaveLength(1);
  });

  test("names the variable that has no meaning", async () => {
    const server = await serve(["--port", "0"], { LOGCTL_LOG_LEVEL: "loud" });
    expect([await server.ended, server.err()]).toEqual([
      2,
      "logctl: LOGCTL_LOG_LEVEL 'loud' is none of debug, info, warn, error\n",
    ]);
    const small = await serve(["--port", "0"], { LOGCTL_MIN_FREE: "1" });
    expect([await small.ended, small.err()]).toEqual([2, expect.stringContaining("LOGCTL_MIN_FREE '1' is no size")]);
  });

  test("logs JSON lines where stderr is no terminal, each request at the level debug, and no secret at any", async () => {
    await using folder = await makeTemporaryFolder();
    const server = await serve(["--port", "0", "--db", folder.file("logs.db"), "--log-level", "debug"]);
    const url = await server.url();
    await fetch(`${url}/logs`, { ...MESSAGE, body: '{"message":"hunter2 body"}' });
    await fetch(`${url}/logs`, { ...MESSAGE, headers: { authorization: "Token hunter2-token" } });
    await fetch(`${url}/logs?q=hunter2-query`);
    await fetch(`${url}/logs?token=hunter2-url`);
    await fetch(`${url}/hunter2-path`);
    await server.stop();
    const events = server
      .err()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual([
      "collector_started",
      "demo_tokens_accepted",
      ...Array(5).fill("request_answered"),
      "collector_stopping",
    ]);
    const requests = events.filter(({ event }) => event === "request_answered");
    expect(requests.map(({ message, status }) => [message, status])).toEqual([
      ["POST /logs", 200],
      ["POST /logs", 401],
      ["GET /logs", 200],
      ["GET /logs", 400],
      ["GET other", 404],
    ]);
    for (const secret of ["hunter2", "svc-reports-123"]) expect(server.err()).not.toContain(secret);
  });

  test("answers 413 to a body beyond the limit over a socket too, and goes on", async () => {
    await using folder = await makeTemporaryFolder();
    const server = await serve(["--port", "0", "--db", folder.file("logs.db")]);
    const url = await server.url();
    const body = new Uint8Array(64 * 1024 * 1024 + 1);
    const response = await fetch(`${url}/logs`, { ...MESSAGE, body });
    expect([response.status, await response.json()]).toMatchObject([413, { error: { code: "body_too_large" } }]);
    expect((await fetch(`${url}/logs`, MESSAGE)).status).toBe(200);
    await server.stop();
  });
});
