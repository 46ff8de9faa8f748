import { describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import { runBinary } from "../support/binary.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const WRITING = ["send", "--service", "reports", "--token", "secret"];
const RECORD =
  '{"id":1,"timestamp":"2026-11-24T10:00:00Z","received_at":"2026-11-24T10:00:00.000Z","service":"a","severity":"INFO","message":"m"}\n';

/** A server that answers every request with 200 and a body that never ends, as fast as it is read. */
function serveEndless(contentType: string, piece: string) {
  const block = piece.repeat(Math.ceil(65_536 / piece.length));
  const chunk = Buffer.from(`${block.length.toString(16)}\r\n${block}\r\n`);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  let sent = 0;
  const fill = (socket: Socket<{ at: number; isBegun: boolean }>) => {
    for (;;) {
      const written = socket.write(chunk.subarray(socket.data.at));
      if (written <= 0) return;
      sent += written;
      socket.data.at = (socket.data.at + written) % chunk.length;
      if (socket.data.at > 0) return;
    }
  };
  const listener = Bun.listen<{ at: number; isBegun: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { at: 0, isBegun: false };
      },
      data(socket) {
        if (!socket.data.isBegun) socket.write(head);
        socket.data.isBegun = true;
        fill(socket);
      },
      drain: fill,
    },
  });
  return { url: `http://127.0.0.1:${listener.port}`, sent: () => sent, [Symbol.dispose]: () => listener.stop(true) };
}

describe("an answer of 200 without end", () => {
  test.each([
    [[...WRITING, "--message", "m"], "application/json", " ", "the answer is larger than 16 MB"],
    [["query", "--count"], "application/json", " ", "the answer is larger than 64 kB"],
    [["query", "--stats", "severity"], "application/json", " ", "the answer is larger than 64 MB"],
    [["query", "-n", "10"], "application/x-ndjson", RECORD, "answers more than the 10 records asked for"],
    [["query", "-n", "10"], "application/x-ndjson", "\n", "answers more than the 10 records asked for"],
    [["query", "-n", "all"], "application/x-ndjson", " ", "answers a line that is too long for a record"],
    [["query", "-n", "all"], "application/x-ndjson", "hello\n", "unexpected answer, 'hello' is no log record"],
  ])(
    "of %j as %s %j is an error, and little of it is read",
    async (args, type, piece, message) => {
      using server = serveEndless(type, piece);
      const { code, err } = await runBinary([...args, "--url", server.url]);
      expect([code, err]).toEqual([1, expect.stringMatching(new RegExp(`^logctl: [^\n]*${message}[^\n]*\n$`))]);
      // What is read, and what is on its way in buffers of the system.
      expect(server.sent()).toBeLessThan(100_000_000);
    },
    30_000,
  );

  test("costs a spool nothing", async () => {
    await using folder = await makeTemporaryFolder();
    const env = { LOGCTL_SPOOL: folder.path };
    using server = serveEndless("application/json", " ");
    // From a pipe: what was read waits.
    const send = await runBinary([...WRITING, "--url", server.url], { env, stdin: "a\nb\n" });
    expect([send.code, send.err]).toEqual([1, expect.stringContaining("2 records wait in ")]);
    const drain = await runBinary(["spool", "drain", "--token", "secret", "--url", server.url], { env });
    expect([drain.code, drain.err]).toEqual([1, expect.stringContaining("the answer is larger than 16 MB")]);
    const [spool] = JSON.parse((await runBinary(["spool", "status"], { env })).out);
    expect([spool.records, spool.dead]).toEqual([2, 0]);
    expect(server.sent()).toBeLessThan(100_000_000);
  }, 30_000);
});

/** A server that notes what it is sent, and answers so. */
function serveWatched(respond: () => Response) {
  const seen: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      seen.push(`${request.method} ${request.url} ${request.headers.get("authorization")} ${await request.text()}`);
      return respond();
    },
  });
  return { url: server.url.origin, seen, [Symbol.dispose]: () => void server.stop(true) };
}

test.each([301, 302, 303, 307, 308])(
  "a redirect (%d) is followed by no command, and what it is for waits",
  async (status) => {
    await using folder = await makeTemporaryFolder();
    const env = { LOGCTL_SPOOL: folder.path };
    using other = serveWatched(() => Response.json({ accepted: 1, rejected: 0, errors: [] }));
    using server = serveWatched(() => new Response(null, { status, headers: { location: `${other.url}/logs` } }));
    const message = `it redirects (${status}) to ${other.url}/logs, which is not followed`;
    const args = ["--token", "secret", "--url", server.url];
    const commands = [
      [...WRITING, "--url", server.url],
      ["query", ...args],
      ["query", "-f", ...args],
      ["query", "--count", ...args],
    ];
    for (const command of commands) {
      const { code, err } = await runBinary(command, { env, stdin: "a\n" });
      expect([code, err]).toEqual([1, expect.stringContaining(message)]);
    }
    expect([server.seen.length, other.seen]).toEqual([commands.length, []]);
    expect(JSON.parse((await runBinary(["spool", "status"], { env })).out)).toMatchObject([{ records: 1, dead: 0 }]);
  },
  30_000,
);

describe("a proxy", () => {
  const NAMES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

  /** Notes the first line and the headers of whatever is asked of it, and refuses it. */
  function startProxy() {
    const seen: string[] = [];
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, bytes) {
          seen.push(bytes.toString());
          socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        },
      },
    });
    const url = `http://127.0.0.1:${listener.port}`;
    const env = (names: string[]) => Object.fromEntries(names.map((name) => [name, url]));
    return { seen, env, [Symbol.dispose]: () => listener.stop(true) };
  }

  test("sees nothing of what goes to this machine, or to anywhere unencrypted", async () => {
    using proxy = startProxy();
    using collector = serveWatched(() => Response.json({ accepted: 1, rejected: 0, errors: [] }));
    const { port } = new URL(collector.url);
    for (const name of NAMES) {
      const { code } = await runBinary([...WRITING, "--message", "m", "--url", collector.url], { env: proxy.env([name]) });
      expect([name, code]).toEqual([name, 0]);
    }
    const hosts = [
      "http://localhost",
      "http://[::1]",
      "http://127.0.0.2",
      "http://logs.invalid",
      "https://localhost",
      "https://127.0.0.1",
    ];
    for (const host of hosts) {
      await runBinary([...WRITING, "--message", "m", "--url", `${host}:${port}`], { env: proxy.env(NAMES) });
      await runBinary(["query", "--token", "secret", "--url", `${host}:${port}`], { env: proxy.env(NAMES) });
    }
    expect(proxy.seen).toEqual([]);
  }, 30_000);

  test.each(["https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])(
    "that %s names makes a tunnel to elsewhere, and sees no token",
    async (name) => {
      using proxy = startProxy();
      const args = [...WRITING, "--message", "confidential", "--url", "https://logs.invalid"];
      expect((await runBinary(args, { env: proxy.env([name]) })).code).toBe(3);
      expect(proxy.seen).toEqual([expect.stringMatching(/^CONNECT logs\.invalid:443 /)]);
      expect(proxy.seen[0]).not.toMatch(/secret|confidential|authorization: token/i);
      proxy.seen.length = 0;
      await runBinary(args, { env: { ...proxy.env([name]), NO_PROXY: "logs.invalid" } });
      expect(proxy.seen).toEqual([]);
    },
    30_000,
  );
});
