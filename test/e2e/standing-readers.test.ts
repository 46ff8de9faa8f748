import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { eventually, runBinary, startCollector } from "../support/binary.ts";
import { createLoad } from "../support/load.ts";

const READERS = 64;
/** More than the sockets between a collector and a reader that stands still take. */
const RECORDS = 80;
const RECORD_BYTES = 200_000;
/** A third of what 30 pages of all records take. */
const MAX_GROWTH_MB = 160;

/** A reader that asks for all and then takes nothing. */
function standStill(url: string, headers: string, target = "/logs?limit=all"): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const request = `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(request, () => resolve(socket)));
    socket.pause();
    socket.on("error", () => {});
  });
}

async function fill(url: string): Promise<void> {
  const load = createLoad("large", () => randomBytes(RECORD_BYTES / 2).toString("hex"));
  for (let i = 0; i < RECORDS; i += 1) expect(await load.send(url)).toBe(200);
}

const streamsOf = async (url: string) =>
  Number(/^logctl_streams (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

test("64 readers that stand still do not keep `logctl query` from its answer", async () => {
  await using collector = await startCollector();
  await fill(collector.url);
  const accept = "Accept: application/x-ndjson\r\n";
  const sockets = await Promise.all(Array.from({ length: READERS }, () => standStill(collector.url, accept)));
  await eventually(async () => ((await streamsOf(collector.url)) === READERS ? true : undefined));
  const query = await eventually(async () => {
    const finished = await runBinary(["query", "-n", "1", "--url", collector.url]);
    return finished.code === 0 ? finished : undefined;
  });
  expect(query.out.length).toBeGreaterThan(RECORD_BYTES);
  for (const socket of sockets) socket.destroy();
}, 30_000);

const residentMB = async (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(await Bun.file(`/proc/${pid}/status`).text())?.[1]) / 1024;

test("30 readers that stand still before a page of 16 MB do not have it held for each", async () => {
  await using collector = await startCollector();
  const body = Array.from({ length: RECORDS }, (_, i) => `{"message":"${i} ${"x".repeat(RECORD_BYTES)}"}`).join("\n");
  const headers = { authorization: "Token svc-reports-123" };
  expect((await fetch(`${collector.url}/logs`, { method: "POST", body, headers })).status).toBe(200);
  const before = await residentMB(collector.pid);
  const page = `/logs?limit=${RECORDS}`;
  const sockets = await Promise.all(Array.from({ length: 30 }, () => standStill(collector.url, "", page)));
  await eventually(async () => ((await streamsOf(collector.url)) === sockets.length ? true : undefined));
  await eventually(async () => ((await residentMB(collector.pid)) - before < MAX_GROWTH_MB ? true : undefined));
  for (const socket of sockets) socket.destroy();
}, 30_000);

test("an export that is under way is broken off once its token is revoked", async () => {
  await using collector = await startCollector();
  await fill(collector.url);
  const db = ["--db", collector.database];
  const make = async (name: string) => {
    const made = await runBinary(["token", "create", ...db, "--name", name, "--service", "*", "--scope", "read"]);
    return `Token ${made.out.trim()}`;
  };
  const [reader, watcher] = [await make("reader"), await make("watcher")];
  const untilMetric = (line: string) =>
    eventually(async () => {
      const answer = await fetch(`${collector.url}/metrics`, { headers: { authorization: watcher } });
      return (await answer.text()).includes(`\n${line}\n`) ? true : undefined;
    });
  await untilMetric("logctl_streams 0");
  const socket = await standStill(collector.url, `Authorization: ${reader}\r\nAccept: application/x-ndjson\r\n`);
  await untilMetric("logctl_streams 1");
  expect((await runBinary(["token", "revoke", ...db, "reader"])).code).toBe(0);
  await untilMetric("logctl_streams_ended_total 1");
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.resume();
  await closed;
  expect(bytes).toBeLessThan(RECORDS * RECORD_BYTES);
}, 30_000);
