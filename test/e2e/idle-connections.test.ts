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
    await eventually(async () => (text.includes("\r\n\r\n[]") ? true : undefined));
    for (const socket of idle) socket.destroy();
    expect((await sendRaw(collector.url, request)).statuses).toEqual([200]);
  },
  30_000,
);
