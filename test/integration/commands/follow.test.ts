import { describe, expect, test } from "bun:test";
import { run } from "../../../src/cli.ts";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { eventually } from "../../support/binary.ts";
import { createTestContext, type TestContextOptions } from "../../support/cli.ts";

/** `logctl query -f` on an app; `stop` is what Ctrl-C does. */
function follow(app: TestApp, args: string[], options: TestContextOptions = {}) {
  const stopping = new AbortController();
  const requests: string[] = [];
  const fetch = (request: Request) => {
    requests.push(request.url.replace(/^[^/]*\/\/[^/]+/, ""));
    return app.fetch(request);
  };
  const context = createTestContext({ fetch, signal: stopping.signal, ...options });
  const ended = run(["query", "-f", ...args], context);
  return {
    requests,
    out: context.out,
    err: context.err,
    until: (text: string) => eventually(() => (context.out().includes(text) ? true : undefined)),
    stop() {
      stopping.abort();
      return ended;
    },
    ended,
  };
}

async function post(app: TestApp, ...messages: string[]): Promise<void> {
  for (const message of messages) {
    const severity = message.startsWith("bad") ? "ERROR" : "INFO";
    await app.post(JSON.stringify({ timestamp: "2026-11-24T10:00:00Z", message, severity, n: 1 }));
  }
}

describe("logctl query --follow", () => {
  test("writes the newest records and then each that arrives, until Ctrl-C ends it with 130", async () => {
    await using app = await openTestApp();
    await post(app, "one", "two", "three");
    const following = follow(app, ["-n", "2", "-o", "raw"]);
    await following.until("three");
    await post(app, "four");
    await following.until("four");
    expect([await following.stop(), following.out(), following.err()]).toEqual([130, "two\nthree\nfour\n", ""]);
    expect(following.requests).toEqual(["/logs/tail?last=2"]);
  });

  test("begins with all there are, or none, and finds by the same filters", async () => {
    await using app = await openTestApp();
    await post(app, "one", "bad two", "three", "bad four");
    const all = follow(app, ["-n", "all", "--min-severity", "error", "-o", "raw"]);
    const none = follow(app, ["--follow", "-n", "0", "--service", "reports", "-o", "raw"]);
    await all.until("bad four");
    await eventually(() => (none.requests.length === 1 ? true : undefined));
    await post(app, "five", "bad six");
    await Promise.all([all.until("bad six"), none.until("bad six")]);
    expect([await all.stop(), all.out()]).toEqual([130, "bad two\nbad four\nbad six\n"]);
    expect([await none.stop(), none.out()]).toEqual([130, "five\nbad six\n"]);
    expect(all.requests).toEqual(["/logs/tail?min_severity=error&after=0"]);
    expect(none.requests).toEqual(["/logs/tail?service=reports&last=0"]);
  });

  test.each<[string, TestContextOptions, RegExp]>([
    ["ndjson", {}, /^\{"id":1.*\}\n\{"id":2.*\}\n\{"id":3.*\}\n$/],
    ["json", {}, /^\[\n\{"id":1.*\},\n\{"id":2.*\},\n\{"id":3.*\}\n\]\n$/],
    ["csv", {}, /^id,timestamp.*\r\n1,.*\r\n2,.*\r\n3,.*\r\n$/],
    ["logfmt", {}, /^(timestamp=\S+ severity=INFO service=reports message=\w+ n=1\n){3}$/],
    ["line", {}, /^(2026-11-24 10:00:00.000Z INFO reports \w+ n=1\n){3}$/],
    ["table", {}, /^TIME +SEVERITY {2}SERVICE {11}MESSAGE\n(2026-11-24 10:00:00.000Z {2}INFO {6}reports {11}\w+ n=1\n){3}$/],
    [
      "table",
      { stdoutIsTTY: true, columns: 100 },
      /^TIME +SEVERITY {2}SERVICE {11}MESSAGE\n(2026-\S+ \S+ {2}INFO {6}reports {11}\w+ n=1\n){3}$/,
    ],
  ])("writes each record as it comes as %s", async (format, options, expected) => {
    await using app = await openTestApp();
    await post(app, "one");
    const following = follow(app, ["--utc", "--no-color", "-o", format], options);
    for (const message of ["one", "two", "three"]) {
      if (message !== "one") await post(app, message);
      await following.until(message);
    }
    expect(await following.stop()).toBe(130);
    expect(following.out()).toMatch(expected);
  });

  test("shows lines on a terminal", async () => {
    await using app = await openTestApp();
    await post(app, "one");
    const following = follow(app, ["--utc", "--no-color"], { stdoutIsTTY: true });
    await following.until("one");
    expect([await following.stop(), following.out()]).toEqual([130, "2026-11-24 10:00:00.000Z INFO reports one n=1\n"]);
  });

  test("writes an empty answer whole when nothing came before Ctrl-C", async () => {
    await using app = await openTestApp();
    const following = follow(app, ["-o", "json"]);
    await eventually(() => (following.requests.length === 1 ? true : undefined));
    expect([await following.stop(), following.out()]).toEqual([130, "[]\n"]);
  });

  test.each([
    [["--order", "asc"], "cannot be used with option '--order"],
    [["--sort", "timestamp"], "cannot be used with option '--sort"],
    [["--offset", "1"], "cannot be used with option '--offset"],
    [["--count"], "cannot be used with option"],
    [["--received-until", "now"], "cannot be used with option '--received-until"],
    [["-n", "-1"], "--limit '-1'"],
  ])("refuses %p", async (args, message) => {
    await using app = await openTestApp();
    const following = follow(app, args);
    expect([await following.ended, following.requests]).toEqual([2, []]);
    expect(following.err()).toContain(message);
  });

  test("ends with one line where nobody answers, or the token is not known", async () => {
    await using app = await openTestApp();
    const refused = follow(app, ["--token", "nobody-made-this"]);
    expect([await refused.ended, refused.err()]).toEqual([
      4,
      expect.stringMatching(/^logctl: this token is not known here[^\n]*\n$/),
    ]);
    const context = createTestContext();
    expect([await run(["query", "-f"], context), context.err()]).toEqual([
      3,
      expect.stringMatching(/^logctl: no collector answers[^\n]*\n$/),
    ]);
  });
});
