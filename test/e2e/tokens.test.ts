import { describe, expect, test } from "bun:test";
import { openForWriting } from "../../src/store/blocks/file/database.ts";
import { createToken } from "../../src/store/blocks/file/tokens.ts";
import { type Collector, eventually, runBinary, startCollector } from "../support/binary.ts";

/** What README says a running collector needs at most to know of a change, and some for a busy machine. */
const MAX_DELAY_MS = 2000;

async function token(collector: Collector, ...args: string[]): Promise<string> {
  const { code, out, err } = await runBinary(["token", ...args, "--db", collector.database]);
  expect([args, code, code === 0 ? "" : err]).toEqual([args, 0, ""]);
  return out.trim();
}

function write({ url }: Collector, secret: string, message = "m"): Promise<Response> {
  const headers = { authorization: `Token ${secret}` };
  return fetch(`${url}/logs`, { method: "POST", body: JSON.stringify({ message }), headers });
}

/** After how long the status of a write is this one. */
async function untilStatus(collector: Collector, secret: string, status: number): Promise<number> {
  const startMs = performance.now();
  await eventually(async () => ((await write(collector, secret)).status === status ? true : undefined));
  return performance.now() - startMs;
}

describe("tokens of a running collector", () => {
  test("count when they are made, rotated, at the end of a grace period, and when they are revoked", async () => {
    await using collector = await startCollector();
    const first = await token(collector, "create", "--service", "payments");
    expect(await untilStatus(collector, first, 200)).toBeLessThan(MAX_DELAY_MS);
    const second = await token(collector, "rotate", "payments", "--grace", "24h");
    expect(await untilStatus(collector, second, 200)).toBeLessThan(MAX_DELAY_MS);
    expect((await write(collector, first)).status).toBe(200);
    const third = await token(collector, "rotate", "payments");
    expect(await untilStatus(collector, third, 200)).toBeLessThan(MAX_DELAY_MS);
    expect([(await write(collector, first)).status, (await write(collector, second)).status]).toEqual([401, 401]);
    await token(collector, "revoke", "payments");
    expect(await untilStatus(collector, third, 401)).toBeLessThan(MAX_DELAY_MS);
  }, 30_000);

  test("end when they expire", async () => {
    await using collector = await startCollector();
    const database = openForWriting(collector.database);
    const expiresAt = Date.now() + 2500;
    const fields = { name: "brief", service: "web", scopes: ["ingest" as const], expiresAt };
    const secret = createToken(database, fields, Date.now());
    database.close();
    await untilStatus(collector, secret, 200);
    await untilStatus(collector, secret, 401);
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
    expect(Date.now()).toBeLessThan(expiresAt + MAX_DELAY_MS);
    expect(await token(collector, "list")).toContain('"state":"expired"');
  }, 30_000);

  test("are answered 429 beyond their limits, and say when they were last used", async () => {
    await using collector = await startCollector();
    const slow = await token(collector, "create", "--service", "slow", "--rate-limit", "5");
    const small = await token(collector, "create", "--service", "small", "--daily-quota", "1MB");
    await untilStatus(collector, slow, 200);
    const statuses: number[] = [];
    for (let i = 0; i < 20; i += 1) statuses.push((await write(collector, slow)).status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10);
    const refused = await write(collector, slow);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await refused.json()).toMatchObject({ error: { code: "rate_limited" } });
    for (let i = 0; i < 4; i += 1) expect((await write(collector, small, "x".repeat(240_000))).status).toBe(200);
    const over = await write(collector, small, "x".repeat(240_000));
    expect([over.status, Number(over.headers.get("retry-after"))]).toEqual([429, expect.any(Number)]);
    expect(await over.json()).toMatchObject({ error: { code: "quota_exceeded" } });
    const rows = (await token(collector, "list")).split("\n").map((line) => JSON.parse(line));
    for (const row of rows) expect(Date.now() - Date.parse(row.last_used_at)).toBeLessThan(60_000);
  }, 30_000);

  test("are nowhere in clear: not in the files, the log, the process list or an answer", async () => {
    await using collector = await startCollector();
    const secret = await token(collector, "create", "--service", "payments", "--scope", "ingest", "--scope", "read");
    await untilStatus(collector, secret, 200);
    const headers = { authorization: `Token ${secret}` };
    const answers = [
      await write(collector, `${secret}x`),
      await fetch(`${collector.url}/logs?token=${secret}`),
      await fetch(`${collector.url}/logs?${secret}=1`, { headers: { authorization: `Token ${secret}x` } }),
      await fetch(`${collector.url}/logs?service=chat`, { headers }),
      await fetch(`${collector.url}/logs`, { method: "POST", body: "no JSON", headers }),
      await fetch(`${collector.url}/logs`, { headers: { authorization: secret } }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect([answer.status, await answer.text()]).toEqual([answer.status, expect.not.stringContaining(secret)]);
    }
    const env = { LOGCTL_URL: collector.url, LOGCTL_TOKEN: secret };
    const client = await runBinary(["send", "--message", " "], { env });
    const inAddress = await runBinary(["query", "--url", collector.url.replace("://", `://user:${secret}@`)]);
    const asParameter = await runBinary(["query", "--url", `${collector.url}?token=${secret}`]);
    for (const { code, out, err } of [client, inAddress, asParameter]) {
      expect(code).not.toBe(0);
      expect(out + err).not.toContain(secret);
    }
    expect(inAddress.err).toContain("LOGCTL_TOKEN or --token-file");
    expect(await Bun.file(`/proc/${collector.pid}/cmdline`).text()).not.toContain(secret);
    expect(await collector.stop()).toBe(0);
    expect(collector.err()).not.toContain(secret);
    for await (const file of new Bun.Glob("*").scan(collector.folder)) {
      expect(Buffer.from(await Bun.file(`${collector.folder}/${file}`).bytes()).includes(secret)).toBe(false);
    }
  }, 30_000);
});
