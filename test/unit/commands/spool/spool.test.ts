import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../../src/cli.ts";
import { openSpool } from "../../../../src/client/spool/spool.ts";
import { listSpoolFolders, type SpoolFolder } from "../../../../src/client/spool/spool-folders.ts";
import { createTestContext, type TestContextOptions } from "../../../support/cli.ts";
import { answerErrorWith, createFakeCollector, type Script } from "../../../support/fake-collector.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../support/temporary-folder.ts";

type Options = TestContextOptions & { folder: TemporaryFolder; script?: Script };

async function logctl(args: string[], { folder, script, env, ...options }: Options) {
  const collector = createFakeCollector(script);
  const context = createTestContext({ fetch: collector.fetch, env: { LOGCTL_SPOOL: folder.path, ...env }, ...options });
  const exitCode = await run(args, context);
  return { exitCode, out: context.out(), err: context.err(), ...collector };
}

const away: Script = () => Promise.reject(Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" }));
const NOW = Date.parse("2026-11-24T10:00:00Z");
const messagesOf = (records: Record<string, unknown>[]) => records.map(({ message }) => message);

/** Leaves lines of a service in the spool. */
async function leave(folder: TemporaryFolder, service: string, lines: string, env: Record<string, string> = {}) {
  const left = await logctl(["send", "--service", service], { folder, script: away, stdinText: lines, now: () => NOW, env });
  expect(left.exitCode).toBe(5);
  return left;
}

describe("spool status", () => {
  test("shows a table to a person, and JSON otherwise", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "a\nb\n");
    const table = await logctl(["spool", "status"], { folder, stdoutIsTTY: true, env: { NO_COLOR: "1" } });
    const [own] = listSpoolFolders(folder.path) as [SpoolFolder];
    expect(table.out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["COLLECTOR", "RECORDS", "SIZE", "OLDEST", "DEAD", "USED BY"],
      ["http://127.0.0.1:8000", "2", expect.stringMatching(/^\d+ B$/), "2026-11-24 10:00:00", "0", "-"],
      ["", own.folder],
      [""],
    ]);
    // But for the folder it fits a narrow terminal.
    for (const line of table.out.split("\n").slice(0, 2)) expect(line.length).toBeLessThanOrEqual(80);
    const json = await logctl(["spool", "status"], { folder });
    const [spool] = JSON.parse(json.out);
    expect(spool).toMatchObject({
      records: 2,
      batches: 1,
      oldest: "2026-11-24T10:00:00.000Z",
      dead: 0,
      dead_bytes: 0,
      used_by: null,
    });
    expect(spool.folder).toStartWith(folder.path);
  });

  test("counts the dead, and names the process at work", async () => {
    await using folder = await makeTemporaryFolder();
    await logctl(["send", "--service", "chat"], { folder, stdinText: '{"message":""}\nb\n{"message":""}\n' });
    const [{ folder: spool }] = listSpoolFolders(folder.path) as [SpoolFolder];
    const open = openSpool({ folder: spool, pid: 4711, now: () => NOW });
    const { out } = await logctl(["spool", "status", "-o", "json"], { folder });
    expect(JSON.parse(out)).toMatchObject([{ records: 0, oldest: null, dead: 2, used_by: 4711 }]);
    if ("close" in open) open.close();
  });

  test("has nothing to show where there is nothing, and says where it has no place to look", async () => {
    await using folder = await makeTemporaryFolder();
    expect(await logctl(["spool", "status"], { folder })).toMatchObject({ exitCode: 0, out: "[]\n" });
    const none = await logctl(["spool", "status"], { folder, env: { LOGCTL_SPOOL: "off" } });
    expect([none.exitCode, none.err]).toEqual([
      2,
      "logctl: there is no place for a spool: name one by --spool or LOGCTL_SPOOL\n",
    ]);
  });
});

describe("spool drain", () => {
  test("delivers what waits for a collector, each service's with its own demo token, and is done when nothing does", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "a\nb\n");
    await leave(folder, "reports", "c\n");
    const drained = await logctl(["spool", "drain"], { folder });
    expect([drained.exitCode, drained.err]).toEqual([0, "delivered 3 records\n"]);
    expect(messagesOf(drained.stored)).toEqual(["a", "b", "c"]);
    expect(drained.requests.map(({ token }) => token)).toEqual(["Token svc-chat-789", "Token svc-reports-123"]);
    const again = await logctl(["spool", "drain"], { folder });
    expect([again.exitCode, again.err]).toEqual([0, "nothing waits for the collector at http://127.0.0.1:8000\n"]);
  });

  test("leaves alone what was written with another token, unless it is told not to", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "shop", "a\n", { LOGCTL_TOKEN: "before" });
    const env = { LOGCTL_TOKEN: "after" };
    const refused = await logctl(["spool", "drain"], { folder, env });
    expect([refused.exitCode, refused.requests]).toEqual([5, []]);
    expect(refused.err).toMatch(/^logctl: still to be delivered: 1 record, written with another token; give that one [^\n]*\n$/);
    const adopted = await logctl(["spool", "drain", "--any-token"], { folder, env });
    expect([adopted.exitCode, messagesOf(adopted.stored), adopted.requests[0]?.token]).toEqual([0, ["a"], "Token after"]);
  });

  test("names what is refused, and why all of it still waits", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", '{"message":""}\na\n');
    const refusing = await logctl(["spool", "drain"], { folder, script: () => answerErrorWith(401, "unauthorized", "revoked") });
    expect([refusing.exitCode, refusing.err]).toEqual([4, expect.stringMatching(/^logctl: revoked[^\n]*\n$/)]);
    const drained = await logctl(["spool", "drain"], { folder });
    expect(drained.exitCode).toBe(1);
    expect(drained.err.split("\n")).toEqual([
      "a record that was spooled: missing_message: message is missing or blank",
      "delivered 1 record",
      "logctl: 1 of 2 records were refused and are not stored",
      "",
    ]);
  });

  test("leaves a spool alone that another process works on, and names it", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "a\n");
    const [{ folder: spool }] = listSpoolFolders(folder.path) as [SpoolFolder];
    const open = openSpool({ folder: spool, pid: 4711, now: () => NOW });
    const { exitCode, err, requests } = await logctl(["spool", "drain"], { folder });
    expect([exitCode, requests]).toEqual([1, []]);
    expect(err).toBe(`logctl: the spool '${spool}' is in use by process 4711, which delivers what is in it\n`);
    if ("close" in open) open.close();
  });
});

describe("spool drain, of what is no collector,", () => {
  test.each([
    [404, "<html>default backend - 404</html>"],
    [400, '{"error":{"code":"BAD_REQUEST","message":"no"}}'],
    [407, ""],
    [413, "<html>too large</html>"],
    [501, "not here"],
    [200, "<html>welcome</html>"],
    [307, ""],
  ])("leaves all that waits where it is, and nothing among the dead: %d %s", async (status, body) => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "a\nb\nc\n");
    const script: Script = () => new Response(body, { status, headers: { location: "http://other.test/logs" } });
    const strange = await logctl(["spool", "drain"], { folder, script });
    expect([strange.exitCode, strange.err.split("\n")]).toEqual([
      1,
      [expect.stringMatching(/^logctl: .*no (answer of a logctl )?collector/), ""],
    ]);
    const [{ records, dead }] = JSON.parse((await logctl(["spool", "status"], { folder })).out);
    expect([records, dead]).toEqual([3, 0]);
    const back = await logctl(["spool", "drain"], { folder });
    expect([back.exitCode, messagesOf(back.stored)]).toEqual([0, ["a", "b", "c"]]);
  });

  test.each([
    [404, "not_found"],
    [405, "method_not_allowed"],
  ])("does so too for a collector that has no logs at this address: %d %s", async (status, code) => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "a\n");
    const script: Script = () => answerErrorWith(status, code, "there is nothing at this path");
    expect(await logctl(["spool", "drain"], { folder, script })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("nothing at this path"),
    });
    expect((await logctl(["spool", "drain"], { folder })).stored).toHaveLength(1);
  });
});

describe("a spool that is damaged", () => {
  /** Changes what is in a file of the only spool. */
  async function change(folder: TemporaryFolder, name: string, work: (bytes: Buffer) => void): Promise<string> {
    const [{ folder: spool }] = listSpoolFolders(folder.path) as [SpoolFolder];
    const bytes = readFileSync(join(spool, name));
    work(bytes);
    writeFileSync(join(spool, name), bytes);
    return spool;
  }

  test("is said to be so by the exit code, and the next drain is clean", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "only\n");
    await change(folder, "0000000001.spool", (bytes) => bytes.write("ONLY", bytes.indexOf("only")));
    const drained = await logctl(["spool", "drain"], { folder });
    expect([drained.exitCode, drained.stored, drained.err.split("\n")]).toEqual([
      1,
      [],
      [
        "1 part of the spool could not be read, and what is there is kept in dead/",
        "logctl: not all that waited could be read, and so be delivered; logctl spool status names the folder",
        "",
      ],
    ]);
    expect(JSON.parse((await logctl(["spool", "status"], { folder })).out)).toMatchObject([
      { records: 0, dead: 1, problems: [] },
    ]);
    expect((await logctl(["spool", "drain"], { folder })).exitCode).toBe(0);
  });

  test("is said to be so by the next sender too, whose own logs are stored", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "only\n");
    await change(folder, "0000000001.spool", (bytes) => bytes.write("ONLY", bytes.indexOf("only")));
    const sent = await logctl(["send", "--service", "chat"], { folder, stdinText: "next\n" });
    expect([sent.exitCode, messagesOf(sent.stored)]).toEqual([1, ["next"]]);
    expect(sent.err).toContain("1 part of the spool could not be read");
  });

  test("in its label is seen by status, left by drain and send, and delivered by --any-token", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "a\nb\n");
    const spool = await change(folder, "spool.json", (bytes) => bytes.fill(0));
    const status = await logctl(["spool", "status"], { folder });
    expect(JSON.parse(status.out)).toMatchObject([
      { folder: spool, url: null, records: 2, problems: ["its label cannot be read"] },
    ]);
    const table = await logctl(["spool", "status"], { folder, stdoutIsTTY: true, env: { NO_COLOR: "1" } });
    expect(table.out).toContain(`  ${spool}\n  its label cannot be read\n`);
    const drained = await logctl(["spool", "drain"], { folder });
    expect([drained.exitCode, drained.stored, drained.err]).toEqual([
      1,
      [],
      expect.stringMatching(
        /^logctl: the label of the spool '[^\n]+' cannot be read, and what waits in it stays there; [^\n]+\n$/,
      ),
    ]);
    const sent = await logctl(["send", "--service", "chat", "--message", "c"], { folder });
    expect([sent.exitCode, messagesOf(sent.stored)]).toEqual([0, ["c"]]);
    expect(sent.err).toContain(`the label of the spool '${spool}' cannot be read`);
    const env = { LOGCTL_TOKEN: "other" };
    const adopted = await logctl(["spool", "drain", "--any-token"], { folder, env });
    expect([adopted.exitCode, messagesOf(adopted.stored)]).toEqual([0, ["a", "b"]]);
  });

  test("where another one is not costs that one nothing, and is named by all", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", "a\n");
    const [{ folder: spool }] = listSpoolFolders(folder.path) as [SpoolFolder];
    rmSync(join(spool, "lock"));
    mkdirSync(join(spool, "lock"));
    const left = await leave(folder, "chat", "b\nc\n");
    expect(left.err).toContain(`the spool '${spool}' cannot be used`);
    const drained = await logctl(["spool", "drain"], { folder });
    expect([drained.exitCode, messagesOf(drained.stored)]).toEqual([1, ["b", "c"]]);
    expect(drained.err).toContain(`the spool '${spool}' cannot be used`);
    const [bad] = JSON.parse((await logctl(["spool", "status"], { folder })).out);
    expect(bad).toMatchObject({ folder: spool, records: 1, problems: [expect.any(String)] });
  });
});

describe("send with a spool", () => {
  test("stamps lines with the time at which they were read", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, "chat", 'a\n{"message":"b","timestamp":"2026-01-01T00:00:00Z"}\n');
    const { stored } = await logctl(["spool", "drain"], { folder, now: () => NOW + 3_600_000 });
    expect(stored.map(({ timestamp }) => timestamp)).toEqual(["2026-11-24T10:00:00.000Z", "2026-01-01T00:00:00Z"]);
  });

  test("keeps one record too, and says so in one line", async () => {
    await using folder = await makeTemporaryFolder();
    const { exitCode, err } = await logctl(["send", "--service", "chat", "--message", "m"], { folder, script: away });
    expect([exitCode, err]).toEqual([
      5,
      expect.stringMatching(/^logctl: 1 record waits in [^\n]+; logctl spool drain delivers them[^\n]*\n$/),
    ]);
    const next = await logctl(["send", "--service", "chat", "--message", "n"], { folder });
    expect([next.exitCode, next.err]).toEqual([0, "stored 1 record, and 1 that had waited\n"]);
    expect(messagesOf(next.stored)).toEqual(["m", "n"]);
  });

  test("keeps what it read where its token is let in no more", async () => {
    await using folder = await makeTemporaryFolder();
    const script: Script = () => answerErrorWith(401, "unauthorized", "revoked");
    const lines = Array.from({ length: 2500 }, (_, i) => `${i}\n`).join("");
    const { exitCode, err, requests } = await logctl(["send", "--service", "chat"], { folder, script, stdinText: lines });
    expect([exitCode, requests.length]).toEqual([4, 1]);
    expect(err).toMatch(/^2500 records wait in [^\n]+\nlogctl: revoked[^\n]*\n$/);
    expect((await logctl(["spool", "drain"], { folder })).stored).toHaveLength(2500);
  });

  test("goes on without a spool where there can be none, and says so", async () => {
    await using folder = await makeTemporaryFolder();
    writeFileSync(folder.file("state"), "a file where a folder should be");
    const env = { LOGCTL_SPOOL: "", XDG_STATE_HOME: folder.file("state") };
    const { exitCode, err } = await logctl(["send", "--service", "chat"], { folder, script: away, stdinText: "a\n", env });
    expect(exitCode).toBe(3);
    expect(err).toMatch(
      /^logctl: the spool '[^']+' cannot be used: [^\n]+ \(nothing is spooled meanwhile\)\nlogctl: no collector/,
    );
    const named = await logctl(["send", "--service", "chat", "--spool", folder.file("state")], { folder, stdinText: "a\n" });
    expect([named.exitCode, named.err]).toEqual([2, expect.stringMatching(/^logctl: --spool '[^']+' is no folder to write to/)]);
  });

  test.each([
    ["--spool-max-size", "10", "is no size"],
    ["--spool-max-size", "10kB", "is out of range"],
    ["--spool-max-age", "soon", "is no duration"],
    ["--on-full", "panic", "Allowed choices are fail, block, drop-oldest"],
  ])("refuses %s %s", async (flag, value, expected) => {
    await using folder = await makeTemporaryFolder();
    const { exitCode, err } = await logctl(["send", "--service", "chat", flag, value], { folder, stdinText: "a\n" });
    expect([exitCode, err]).toEqual([2, expect.stringContaining(expected)]);
  });
});

describe("simulate with a spool", () => {
  test("goes on while the collector is away, and says what waits", async () => {
    await using folder = await makeTemporaryFolder();
    const stop = new AbortController();
    const script: Script = (received, count) => {
      if (count === 1) return undefined;
      if (count > 3) stop.abort();
      return away(received, count);
    };
    const args = ["simulate", "--interval=0.2", "--services=chat", "--count=5"];
    const { exitCode, err } = await logctl(args, { folder, script, signal: stop.signal });
    expect(exitCode).toBe(5);
    expect(err).toContain("request 1: chat, 1 stored\n");
    expect(err).toContain("request 2: chat, 1 spooled\n");
    expect(err).toMatch(/sent \d records in \d requests, 1 stored, 0 refused, took/);
    const { stored } = await logctl(["spool", "drain"], { folder });
    expect(stored.length).toBeGreaterThan(0);
  });

  test("keeps nothing for a collector that was never there", async () => {
    await using folder = await makeTemporaryFolder();
    mkdirSync(folder.file("state"));
    const { exitCode } = await logctl(["simulate", "--count=1", "--spool", folder.file("state")], { folder, script: away });
    expect(exitCode).toBe(3);
    expect(listSpoolFolders(folder.file("state"))).toEqual([]);
  });
});
