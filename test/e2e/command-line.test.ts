import { describe, expect, test } from "bun:test";
import { BINARY, eventually, runBinary, startCollector } from "../support/binary.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const NOBODY = "http://127.0.0.1:9";

describe("the compiled program", () => {
  test("prints its version, and help on stdout", async () => {
    const { version } = await Bun.file(`${import.meta.dir}/../../package.json`).json();
    for (const flag of ["--version", "-V"]) expect(await runBinary([flag])).toEqual({ code: 0, out: `${version}\n`, err: "" });
    const help = await runBinary(["query", "--help"]);
    expect([help.code, help.err]).toEqual([0, ""]);
    expect(help.out).toContain("--since <time>");
  });

  test.each([
    [["query", "--bogus"], 2],
    [["bogus"], 2],
    [["serve", "--port", "x"], 2],
    [["query", "--url", NOBODY], 3],
    [["send", "--service", "reports", "--message", "m", "--url", NOBODY], 3],
    [["simulate", "--count", "1", "--url", NOBODY], 3],
  ])("says in one line what is wrong with %p, and exits %p", async (args, code) => {
    const result = await runBinary(args);
    expect([result.code, result.out]).toEqual([code, ""]);
    expect(result.err).toMatch(/^logctl: [^\n]+\n$/);
  });

  test("exits 4 for a token that is refused, and 1 for what is", async () => {
    await using collector = await startCollector();
    const env = { LOGCTL_URL: collector.url };
    for (const args of [["query"], ["send", "--message", "m"], ["simulate", "--count", "1"]]) {
      const { code, err } = await runBinary([...args, "--token", "nobody-made-this"], { env });
      expect([args, code]).toEqual([args, 4]);
      expect(err).toMatch(/this token is not known here[^\n]*\n$/);
    }
    const blank = await runBinary(["send", "--service", "reports", "--message", " "], { env });
    expect([blank.code, blank.err]).toEqual([expect.any(Number), expect.stringMatching(/^logctl: [^\n]+\n$/)]);
    expect([1, 2]).toContain(blank.code as number);
    const other = await runBinary(["send", "--service", "payments", "--message", "m", "--token", "svc-reports-123"], { env });
    expect(other.code).toBe(4);
  });

  test("counts by groups on all its threads, and draws nothing into a pipe", async () => {
    await using collector = await startCollector();
    const body = Array.from({ length: 150_000 }, (_, i) =>
      JSON.stringify({ message: `record ${i}`, severity: i % 10 === 0 ? "ERROR" : "INFO", n: i % 100, user: { id: i % 7 } }),
    ).join("\n");
    await fetch(`${collector.url}/logs`, { method: "POST", body, headers: { authorization: "Token svc-reports-123" } });
    const query = async (...args: string[]) => {
      const { code, out, err } = await runBinary(["query", ...args], { env: { LOGCTL_URL: collector.url } });
      expect([args, code, err]).toEqual([args, 0, ""]);
      return out;
    };
    expect(await query("--stats", "service", "severity", "-o", "csv")).toBe(
      "service,severity,count\r\nreports,INFO,135000\r\nreports,ERROR,15000\r\n",
    );
    expect(JSON.parse(await query("--stats", "--of", "n", "--distinct", "user.id"))).toEqual({
      ...{ count: 150_000, values: 150_000, sum: 7_425_000, min: 0, max: 99, avg: 49.5 },
      ...{ p50: 49, p90: 89, p95: 94, p99: 98, percentile_error: 0, distinct: 7, distinct_error: 0 },
    });
    expect(await query("--stats", "severity", "--top", "1", "-o", "table")).toBe(
      "SEVERITY   COUNT\nINFO      135000\n(other)    15000\n",
    );
    expect(await query("--fields", "user.id", "--top", "1", "-q", "record")).toBe(
      '{"value":0,"count":21429}\n{"other":128571}\n',
    );
    expect(await query("--count", "-q", '"record 777"')).toBe("1\n");
  });

  test("ends quietly when its reader goes away", async () => {
    await using collector = await startCollector();
    const body = Array.from({ length: 50_000 }, (_, i) => JSON.stringify({ message: `record ${i} ${"x".repeat(100)}` })).join(
      "\n",
    );
    await fetch(`${collector.url}/logs`, { method: "POST", body, headers: { authorization: "Token svc-reports-123" } });
    const script = `"$0" query -n all --url "$1" | head -1; echo "\${PIPESTATUS[0]}"`;
    const child = Bun.spawn(["bash", "-c", script, BINARY, collector.url], { stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const [record, status] = out.trimEnd().split("\n");
    expect([JSON.parse(record ?? "").message.slice(0, 8), status, err]).toEqual(["record 0", "0", ""]);
  });

  test("reads no .env and no bunfig.toml of the folder it runs in", async () => {
    await using collector = await startCollector();
    await Bun.write(`${collector.folder}/.env`, `LOGCTL_URL=${collector.url}\n`);
    await Bun.write(`${collector.folder}/bunfig.toml`, 'preload = ["./nowhere.ts"]\n');
    const { code, err } = await runBinary(["query"], { cwd: collector.folder, env: { LOGCTL_URL: NOBODY } });
    expect([code, err]).toEqual([3, expect.stringContaining(NOBODY)]);
    expect((await runBinary(["query"], { cwd: collector.folder })).err).not.toContain(collector.url);
  });

  test("ends with one line where the file is no database of its own, and leaves the file alone", async () => {
    await using folder = await makeTemporaryFolder();
    const text = "somebody's notes, which are long enough to be looked at. ".repeat(20);
    await Bun.write(folder.file("notes.txt"), text);
    const { code, err } = await runBinary(["serve", "--port", "0", "--db", folder.file("notes.txt")]);
    expect([code, err]).toEqual([1, expect.stringMatching(/^logctl: '.*notes\.txt' is no database: [^\n]+\n$/)]);
    expect(await Bun.file(folder.file("notes.txt")).text()).toBe(text);
  });

  test("keeps a second collector away from the same file, and lets it in once the first was killed", async () => {
    await using collector = await startCollector();
    const second = await runBinary(["serve", "--port", "0", "--db", collector.database]);
    expect([second.code, second.err]).toEqual([1, expect.stringContaining(`in use by process ${collector.pid}`)]);
    await collector.kill();
    await collector.restart();
    expect((await fetch(`${collector.url}/health`)).status).toBe(200);
  });

  test("makes a token beside a running collector, which knows it within moments and refuses demo tokens from then on", async () => {
    await using collector = await startCollector();
    const made = await runBinary(["token", "create", "--service", "reports", "--db", collector.database]);
    const write = async (token: string) =>
      (
        await fetch(`${collector.url}/logs`, {
          method: "POST",
          body: '{"message":"m"}',
          headers: { authorization: `Token ${token}` },
        })
      ).status;
    await eventually(async () => ((await write("svc-reports-123")) === 401 ? true : undefined));
    expect(await write(made.out.trim())).toBe(200);
    expect((await fetch(`${collector.url}/logs`, { headers: { authorization: `Token ${made.out.trim()}` } })).status).toBe(403);
    expect((await fetch(`${collector.url}/logs`)).status).toBe(401);
  });
});
