import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { eventually, runBinary, startCollector } from "../support/binary.ts";

const MAX_BYTES = 50_000_000;
const BATCH = 5000;
const WRITERS = 4;
const WRITTEN_BYTES = 130_000_000;

/** A batch that takes about 3.7 MB as text, little of which can be compressed away. */
function batch(): string {
  const lines = Array.from({ length: BATCH }, () => {
    const bytes = crypto.getRandomValues(new Uint8Array(500));
    return JSON.stringify({ message: `read ${Buffer.from(bytes).toString("base64")}` });
  });
  return lines.join("\n");
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

describe("logctl serve --max-size", () => {
  test("stays near the limit under load, and has the newest records, also after a kill", async () => {
    await using collector = await startCollector(["--max-size", "50MB"]);
    let written = 0;
    let accepted = 0;
    let largest = 0;
    const write = async () => {
      while (written < WRITTEN_BYTES) {
        written += BATCH * 510;
        const response = await fetch(`${collector.url}/logs`, {
          method: "POST",
          body: batch(),
          headers: { authorization: "Token svc-reports-123" },
        });
        accepted += ((await response.json()) as { accepted: number }).accepted;
        largest = Math.max(largest, sizeOf(collector.database) + sizeOf(`${collector.database}-wal`));
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    // A merge and what it replaces are there at once, and so is what was written since the last look.
    expect(largest).toBeLessThan(1.6 * MAX_BYTES);
    await eventually(() => (sizeOf(collector.database) <= MAX_BYTES ? true : undefined));
    await collector.kill();
    await collector.restart();
    const newest = (await (await fetch(`${collector.url}/logs?limit=1`)).json()) as { id: number }[];
    expect(newest[0]?.id).toBe(accepted);
    const { count } = (await (await fetch(`${collector.url}/logs/stats`)).json()) as { count: number };
    expect(count).toBeGreaterThan(accepted / 10);
    expect(count).toBeLessThan(accepted / 1.5);
  }, 120_000);

  test("tells one line of what was dropped, with how many, of when and why", async () => {
    await using collector = await startCollector(["--max-size", "10MB"]);
    for (let i = 0; i < 6; i += 1) {
      await fetch(`${collector.url}/logs`, {
        method: "POST",
        body: batch(),
        headers: { authorization: "Token svc-reports-123" },
      });
    }
    const line = await eventually(() =>
      collector
        .err()
        .split("\n")
        .find((text) => text.includes("dropped")),
    );
    const { level, event, message } = JSON.parse(line);
    expect([level, event]).toEqual(["info", "records_dropped"]);
    expect(message).toMatch(/^dropped \d+ records received from 20\S+Z to 20\S+Z: --max-size 10MB is reached$/);
  }, 60_000);

  test.each([
    [["--retain", "soon"], "--retain 'soon' is no duration; write it as 12h, 90d or 4w"],
    [["--retain", ""], "--retain '' is no duration; write it as 12h, 90d or 4w"],
    [["--max-size", "10"], "--max-size '10' is no size; write it as 500MB, 10GB or 10GiB"],
    [["--max-size", "1MB"], "--max-size '1MB' is out of range; 10MB is the least"],
  ])("refuses %j with one line", async (args, message) => {
    expect(await runBinary(["serve", "--port", "0", ...args])).toEqual({ code: 2, out: "", err: `logctl: ${message}\n` });
  });

  test("takes both limits from the environment, and names the variable that has no meaning", async () => {
    const result = await runBinary(["serve", "--port", "0"], { env: { LOGCTL_RETAIN: "30d", LOGCTL_MAX_SIZE: "much" } });
    expect(result).toEqual({
      code: 2,
      out: "",
      err: "logctl: LOGCTL_MAX_SIZE 'much' is no size; write it as 500MB, 10GB or 10GiB\n",
    });
  });
});
