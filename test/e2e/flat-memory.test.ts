import { describe, expect, test } from "bun:test";
import { closeSync, openSync, read } from "node:fs";
import { promisify } from "node:util";
import { BINARY, type Collector, environment, startCollector } from "../support/binary.ts";

const RECORDS = 300_000;
/** Far less than the 100 MB that there are to read. */
const MAX_GROWTH_MB = 40;

const readInto = promisify(read);

async function fill({ url }: Collector): Promise<void> {
  const text = "x".repeat(200);
  const headers = { authorization: "Token svc-reports-123" };
  for (let first = 0; first < RECORDS; first += 10_000) {
    const body = Array.from({ length: 10_000 }, (_, i) => `{"message":"record ${first + i} ${text}"}`).join("\n");
    expect((await fetch(`${url}/logs`, { method: "POST", body, headers })).status).toBe(200);
  }
}

async function residentMB(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await Bun.file(`/proc/${pid}/status`).text())?.[1]) / 1024;
}

/** The most memory a process has within `forMs`. */
async function peakMB(pid: number, forMs: number): Promise<number> {
  const end = performance.now() + forMs;
  let peak = 0;
  while (performance.now() < end) {
    peak = Math.max(peak, await residentMB(pid));
    await Bun.sleep(20);
  }
  return peak;
}

/** A pipe whose reading end is ours, and which holds what a pipe holds and no more. */
function openPipe(folder: string) {
  const path = `${folder}/pipe`;
  expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
  const descriptor = openSync(path, "r+");
  return { path, descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
}

describe("a reader that stops reading for a while", () => {
  test.each([
    ["query -n all", ["-n", "all"]],
    ["query --follow", ["--follow", "-n", "all"]],
  ])(
    "does not make logctl %s grow, and gets all of it later",
    async (_, args) => {
      await using collector = await startCollector();
      await fill(collector);
      using pipe = openPipe(collector.folder);
      const command = ["sh", "-c", 'exec "$0" query -o ndjson "$@" > "$PIPE"', BINARY, "--url", collector.url, ...args];
      const child = Bun.spawn(command, { env: environment({ PIPE: pipe.path }), stdin: "ignore", stderr: "ignore" });
      const buffer = Buffer.alloc(64 * 1024);
      let last = "";
      let lines = 0;
      const take = async () => {
        const { bytesRead } = await readInto(pipe.descriptor, buffer, 0, buffer.length, null);
        const text = buffer.toString("latin1", 0, bytesRead);
        lines += text.split("\n").length - 1;
        last = (last + text).slice(-1000);
      };
      await take();
      const before = await residentMB(child.pid);
      expect((await peakMB(child.pid, 1500)) - before).toBeLessThan(MAX_GROWTH_MB);
      while (lines < RECORDS) await take();
      expect(JSON.parse(last.trimEnd().split("\n").at(-1) ?? "").message).toStartWith(`record ${RECORDS - 1} `);
      child.kill("SIGKILL");
      await child.exited;
    },
    60_000,
  );
});
