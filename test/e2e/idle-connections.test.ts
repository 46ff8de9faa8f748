import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { eventually, startCollector } from "../support/binary.ts";
import { sendRaw } from "../support/raw-http.ts";

const MAX_FILES = 128;
const CONNECTIONS = 150;

function openConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.on("error", () => {});
  });
}

test.skipIf(process.platform !== "linux")(
  "connections that send nothing, up to the limit of open files, do not end the collector, and the first read is answered",
  async () => {
    await using collector = await startCollector([], { prefix: ["prlimit", `--nofile=${MAX_FILES}`] });
    const request = "GET /logs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const { hostname, port } = new URL(collector.url);
    const reader = connect(Number(port), hostname);
    let text = "";
    reader.on("data", (chunk) => {
      text += chunk;
    });
    // Answered once, so that the collector has accepted it before the others.
    reader.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually(async () => (text.includes("200 OK") ? true : undefined));
    const idle = await Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(collector.url)));
    // Only then is there no descriptor left.
    await eventually(async () => (readdirSync(`/proc/${collector.pid}/fd`).length >= MAX_FILES ? true : undefined));
    text = "";
    reader.write(request);
    await eventually(async () => (/503 .*\r\n|\r\n\r\n\[\]/.test(text) ? true : undefined));
    for (const socket of idle) socket.destroy();
    const answer = await eventually(async () => {
      const { statuses } = await sendRaw(collector.url, request);
      return statuses[0] === 503 ? undefined : statuses;
    });
    expect(answer).toEqual([200]);
  },
  30_000,
);

test.skipIf(process.platform !== "linux")(
  "beyond a limit well below that of open files requests are refused in words, and idle connections closed",
  async () => {
    await using collector = await startCollector([], { prefix: ["prlimit", `--nofile=${MAX_FILES}`] });
    const read = "GET /logs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const metrics = (await sendRaw(collector.url, read.replace("/logs", "/metrics"))).text;
    const limit = Number(/^logctl_connections_limit (\d+)/m.exec(metrics)?.[1]);
    expect(limit).toBeGreaterThanOrEqual(8);
    expect(limit).toBeLessThanOrEqual(MAX_FILES - 64);
    const idle = await Promise.all(Array.from({ length: 4 }, () => openConnection(collector.url)));
    let answers = "";
    let closed = 0;
    for (const client of idle) {
      client.on("data", (chunk) => {
        answers += chunk;
      });
      client.on("close", () => {
        closed += 1;
      });
      client.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    await eventually(async () => (answers.split("200 OK").length > idle.length ? true : undefined));
    // Not idle: their requests have begun.
    const busy = await Promise.all(Array.from({ length: limit + 1 }, () => openConnection(collector.url)));
    for (const client of busy) client.write("GET /health HTTP/1.1\r\nHo");
    const refused = await eventually(async () => {
      const { statuses, text } = await sendRaw(collector.url, read);
      return statuses[0] === 503 ? text : undefined;
    });
    expect(refused).toContain("too_many_connections");
    await eventually(async () => (closed === idle.length ? true : undefined));
    for (const client of busy) client.destroy();
    const answer = await eventually(async () => {
      const { statuses: next } = await sendRaw(collector.url, read);
      return next[0] === 503 ? undefined : next;
    });
    expect(answer).toEqual([200]);
  },
  30_000,
);
