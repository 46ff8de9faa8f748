import { describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { startCollector } from "../support/binary.ts";
import { hostileBodies } from "../support/hostile-bodies.ts";
import { measureBesideBody } from "../support/hostile-load.ts";

const MB = 1024 * 1024;
/** Decoded at a stretch, each of these would take longer, or ten times the memory. */
const MAX_WAIT_MS = 2000;
const MAX_MEMORY_MB = 400;

describe("beside a hostile body", () => {
  test.skipIf(process.platform !== "linux").each([
    ["bad lines behind a good one", 16, 207],
    ["[[[[ ...", 48, 400],
    ["chunks of one byte", 4, 200],
  ] as const)(
    "of %s others are answered, and memory stays bounded",
    async (wanted, megabytes, status) => {
      const body = hostileBodies(megabytes * MB).find(({ name }) => name === wanted);
      if (body === undefined) throw new Error(`there is no body '${wanted}'`);
      const report = await measureBesideBody(body);
      console.log(`beside ${wanted}: ${JSON.stringify(report)}`);
      expect(report).toMatchObject({ status: String(status), refused: 0 });
      expect(Math.max(report.healthMs, report.writeMs, report.readMs)).toBeLessThan(MAX_WAIT_MS);
      expect(report.peakMb).toBeLessThan(MAX_MEMORY_MB);
    },
    60_000,
  );
});

/** A request of which a byte has come, and no more will. */
async function stall(url: string, token: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`POST /logs HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Token ${token}\r\nContent-Length: 1048576\r\n\r\n{`);
  return socket;
}

test("another token is served while one has hundreds of requests that stand still", async () => {
  await using collector = await startCollector();
  const stalled = await Promise.all(Array.from({ length: 300 }, () => stall(collector.url, "svc-reports-123")));
  try {
    const write = (token: string) =>
      fetch(`${collector.url}/logs`, { method: "POST", body: '{"message":"m"}', headers: { authorization: `Token ${token}` } });
    const answers = await Promise.all(["svc-payments-456", "svc-chat-789", "svc-reports-123"].map(write));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const metrics = await (await fetch(`${collector.url}/metrics`)).text();
    // A byte of each: what they announce takes nothing.
    expect(Number(/^logctl_body_bytes (\d+)$/m.exec(metrics)?.[1])).toBeLessThanOrEqual(300);
  } finally {
    for (const socket of stalled) socket.destroy();
  }
});
