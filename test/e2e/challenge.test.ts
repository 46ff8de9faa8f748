import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { type Collector, runBinary, startCollector } from "../support/binary.ts";

const REPORTS = { authorization: "Token svc-reports-123", "content-type": "application/json" };
const APACHE_LOGS = resolve(import.meta.dir, "../fixtures/apache_logs");

async function countOf({ url }: Collector, query = ""): Promise<number> {
  const response = await fetch(`${url}/logs/stats${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { count: number }).count;
}

describe("the challenge", () => {
  test("its requests work as written against a fresh collector", async () => {
    await using collector = await startCollector();
    const post = async (body: unknown) => {
      const response = await fetch(`${collector.url}/logs`, { method: "POST", headers: REPORTS, body: JSON.stringify(body) });
      return [response.status, await response.json()];
    };
    const record = { timestamp: "2026-11-24T10:00:00Z", service: "reports", severity: "WARNING", message: "slow" };
    expect(await post(record)).toEqual([200, { accepted: 1, rejected: 0, errors: [] }]);
    expect(await post(Array.from({ length: 20 }, (_, i) => ({ ...record, message: `slow ${i}` })))).toMatchObject([
      200,
      { accepted: 20 },
    ]);
    const response = await fetch(`${collector.url}/logs?service=reports&severity=WARNING&limit=10&offset=5`);
    const found = (await response.json()) as { message: string }[];
    expect(found.map(({ message }) => message)).toEqual(Array.from({ length: 10 }, (_, i) => `slow ${14 - i}`));
  });

  test("simulate takes its flags: five batches of three are fifteen records", async () => {
    await using collector = await startCollector();
    const flags = ["--mode=batch", "--batch-size=3", "--interval=0.01", "--count=5", `--url=${collector.url}/logs`];
    const { code, out, err } = await runBinary(["simulate", ...flags]);
    expect([code, out]).toEqual([0, ""]);
    expect(err).toContain("15 stored");
    expect(await countOf(collector)).toBe(15);
    const single = ["--mode=single", "--interval=0.01", "--count=2", "--token=svc-reports-123", `--url=${collector.url}`];
    expect((await runBinary(["simulate", ...single])).code).toBe(0);
    expect(await countOf(collector, "?service=reports")).toBe(8);
  });

  test("a log file piped through send is stored line by line, and query finds what grep finds", async () => {
    await using collector = await startCollector();
    const text = await Bun.file(APACHE_LOGS).text();
    const lines = text.trimEnd().split("\n");
    const sent = await runBinary(["send", "--service", "reports"], { stdin: text, env: { LOGCTL_URL: collector.url } });
    expect([sent.code, sent.out, sent.err]).toEqual([0, "", `stored ${lines.length} records\n`]);
    const env = { LOGCTL_URL: collector.url };
    const found = await runBinary(["query", "-q", '"Googlebot"', "-n", "all", "-o", "raw"], { env });
    expect(found.out.trimEnd().split("\n")).toEqual(lines.filter((line) => /\bGooglebot\b/.test(line)));
    const everything = await runBinary(["query", "-n", "all", "-o", "raw"], { env });
    expect(everything.out).toBe(text);
  });
});
