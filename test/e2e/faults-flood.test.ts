import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Collector, eventually, startCollector } from "../support/binary.ts";
import { createLoad, REPORTS_TOKEN } from "../support/load.ts";

const MB = 1024 * 1024;
const CLIENTS = 40;
/** 40 clients send 1.2 GB in all, of which 128 MiB may be held at one time; and there is what it takes without them. */
const MAX_MEMORY_MB = 800;

/** The most memory it ever had in use; undefined where there is no /proc. */
function mostMemoryMb({ pid }: Collector): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

describe("very many large requests at once", () => {
  test.skipIf(process.platform !== "linux")(
    "are refused with 503 and Retry-After beyond what may be held, memory stays flat, and small ones are stored meanwhile",
    async () => {
      await using collector = await startCollector();
      const answers: string[] = [];
      const ends: ReadableStreamDefaultController[] = [];
      const chunk = new Uint8Array(MB).fill(32);
      const sending = Array.from({ length: CLIENTS }, async () => {
        let sent = 0;
        const body = new ReadableStream({
          start: (controller) => void ends.push(controller),
          pull(controller) {
            sent += 1;
            // After 30 MB it stands still.
            if (sent > 30) return new Promise<void>(() => {});
            controller.enqueue(chunk);
            return undefined;
          },
        });
        const response = await fetch(`${collector.url}/logs`, { method: "POST", body, headers: REPORTS_TOKEN }).catch(
          () => undefined,
        );
        answers.push(`${response?.status} ${response?.headers.get("retry-after")}`);
      });
      await eventually(() => (answers.length >= CLIENTS - 8 ? true : undefined));
      const load = createLoad("small");
      expect(await load.send(collector.url)).toBe(200);
      expect(new Set(answers)).toContain("503 1");
      expect(mostMemoryMb(collector)).toBeLessThan(MAX_MEMORY_MB);
      for (const end of ends) end.error(new Error("the client goes away"));
      await Promise.all(sending);
      expect(await load.send(collector.url)).toBe(200);
      const metrics = async () => (await fetch(`${collector.url}/metrics`)).text();
      await eventually(async () => ((await metrics()).includes("\nlogctl_body_bytes 0\n") ? true : undefined));
    },
    90_000,
  );

  test.skipIf(process.platform !== "linux")(
    "packed to a thousandth of their size, are not unpacked more of them at one time than there is room for",
    async () => {
      await using collector = await startCollector();
      const body = gzipSync(new Uint8Array(60 * MB).fill(32));
      const headers = { ...REPORTS_TOKEN, "content-encoding": "gzip" };
      const send = async () => (await fetch(`${collector.url}/logs`, { method: "POST", body, headers })).status;
      const statuses = await Promise.all(Array.from({ length: CLIENTS }, send));
      // What is unpacked holds no record.
      expect([...new Set(statuses)].sort()).toEqual([400, 503]);
      expect(mostMemoryMb(collector)).toBeLessThan(MAX_MEMORY_MB);
      expect(await createLoad("after").send(collector.url)).toBe(200);
    },
    90_000,
  );
});
