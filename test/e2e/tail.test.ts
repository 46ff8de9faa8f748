import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { BINARY, environment, eventually, startCollector } from "../support/binary.ts";
import { readTail } from "../support/tail.ts";
import { runTailLoad } from "../support/tail-load.ts";

describe("a tail under load", () => {
  test("gives each record once, in order, while the collector is killed and the reader cut off", async () => {
    const load = { recordsPerSecond: 10_000, seconds: 3, collectorKills: 1, readerKills: 4 };
    const { sent, readerConnections, reader, follower } = await runTailLoad(load);
    expect(sent).toBe(30_000);
    expect(readerConnections).toBeGreaterThan(load.readerKills);
    const all = { received: sent, missing: 0, repeated: 0, unknown: 0, outOfOrder: 0 };
    expect({ reader, follower }).toEqual({ reader: all, follower: all });
  }, 60_000);

  test("whose reader stands still does not keep the collector from stopping", async () => {
    await using collector = await startCollector();
    const body = Array.from({ length: 10_000 }, () => `{"message":"${"x".repeat(2000)}"}`).join("\n");
    await fetch(`${collector.url}/logs`, { method: "POST", body, headers: { authorization: "Token svc-reports-123" } });
    const { hostname, port } = new URL(collector.url);
    const { promise: greeted, resolve } = Promise.withResolvers<void>();
    const reader = connect(Number(port), hostname, () =>
      reader.write("GET /logs/tail?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    );
    reader.on("error", () => {});
    reader.once("data", () => {
      reader.pause();
      resolve();
    });
    await greeted;
    await untilIdle(collector.pid);
    const stoppedAt = performance.now();
    expect(await collector.stop()).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(8000);
    reader.destroy();
  }, 30_000);

  test("ends when the collector is stopped, and is taken up again when it is back, until Ctrl-C", async () => {
    await using collector = await startCollector();
    const { url } = collector;
    const post = (message: string) =>
      fetch(`${url}/logs`, { method: "POST", body: message, headers: { authorization: "Token svc-reports-123" } });
    await post('{"message":"one"}');
    const args = ["query", "-f", "-o", "raw", "--url", url];
    const child = Bun.spawn([BINARY, ...args], { env: environment(), stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [out, err] = [collect(child.stdout), collect(child.stderr)];
    await eventually(() => (out().includes("one\n") ? true : undefined));
    const tail = readTail(await fetch(`${url}/logs/tail`));
    await tail.text(/id: 1\n\n/);
    const stoppedAt = performance.now();
    expect(await collector.stop()).toBe(0);
    // What is not ended is cut off after 10 s only.
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
    await tail.ended;
    await eventually(() => (err().includes("went away") ? true : undefined));
    await collector.restart(["--port", new URL(url).port]);
    await post('{"message":"two"}');
    await eventually(() => (out().includes("two\n") ? true : undefined));
    child.kill("SIGINT");
    expect([await child.exited, out(), err()]).toEqual([
      130,
      "one\ntwo\n",
      `logctl: the collector at ${url} went away; this goes on when it is back\n`,
    ]);
  }, 30_000);
});

/** Waits until a process takes no time any more. */
async function untilIdle(pid: number): Promise<void> {
  let before: string | undefined;
  await eventually(async () => {
    await Bun.sleep(300);
    const last = before;
    before = (await Bun.file(`/proc/${pid}/stat`).text()).split(" ").slice(13, 15).join(" ");
    return last === before ? true : undefined;
  });
}

/** Reads a stream in the background; gives its text so far. */
function collect(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) text += decoder.decode(bytes, { stream: true });
  })();
  return () => text;
}
