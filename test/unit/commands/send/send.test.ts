import { describe, expect, test } from "bun:test";
import { run } from "../../../../src/cli.ts";
import { createTestContext, type TestContextOptions } from "../../../support/cli.ts";
import { answerErrorWith, createFakeCollector, type Script } from "../../../support/fake-collector.ts";

async function send(args: string[], { script, ...options }: TestContextOptions & { script?: Script } = {}) {
  const collector = createFakeCollector(script);
  const context = createTestContext({ fetch: collector.fetch, ...options });
  const exitCode = await run(["send", ...args], context);
  return { exitCode, out: context.out(), err: context.err(), ...collector };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join("");

describe("send with --message", () => {
  test("stores one record of what the flags say, and the collector's time where they say none", async () => {
    const { exitCode, stored, out, err, requests } = await send(["--service", "reports", "--message", "it fell"]);
    expect(exitCode).toBe(0);
    expect(stored).toEqual([{ message: "it fell", service: "reports" }]);
    expect(out).toBe("");
    expect(err).toBe("stored 1 record\n");
    expect(requests[0]?.token).toBe("Token svc-reports-123");
    expect(requests[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("takes every field by a flag", async () => {
    const { stored, requests } = await send([
      ...["--service", "chat", "--severity", "warning", "--message", "m", "--timestamp", "2026-11-24T10:00:00.5Z"],
      ...[
        "--attribute",
        "id=12345678901234567890",
        "--attribute",
        "text=a=b",
        "--attribute",
        'list=[1,\n "x"]',
        "--attribute",
        "empty=",
      ],
    ]);
    expect(stored).toEqual(
      [
        {
          message: "m",
          service: "chat",
          severity: "WARN",
          timestamp: "2026-11-24T10:00:00.5Z",
          attributes: { id: 12345678901234567890n as unknown as number, text: "a=b", list: [1, "x"], empty: "" },
        },
      ].map((record) => ({ ...record, attributes: { ...record.attributes, id: Number(record.attributes.id) } })),
    );
    expect(requests[0]?.body).toContain('"id":12345678901234567890');
    expect(requests[0]?.body).not.toContain("\n");
  });

  test("does not read from the pipe", async () => {
    const { stored } = await send(["--service", "chat", "--message", "m"], { stdinText: "from the pipe\n" });
    expect(stored).toHaveLength(1);
  });

  test.each([
    [["--severity", "LOUD"], "--severity <word>' argument 'LOUD' is invalid. Use one of TRACE"],
    [["--timestamp", "soon"], "--timestamp <time>' argument 'soon' is invalid. Write it as 2026-"],
    [["--attribute", "novalue"], "--attribute <key=value>' argument 'novalue' is invalid. Write it as key=value."],
    [["--attribute", "=x"], "Write it as key=value."],
    [["--service", " "], "service must be text of 1 to 100 characters"],
    [["--message", " "], "--message is blank"],
    [["--colour"], "unknown option '--colour'"],
    [["disk", "full"], "'disk full' belongs to no option; to send it, give --message 'disk full'"],
    [[""], "'' belongs to no option"],
  ])("refuses %p in one line, and sends nothing", async (args, expected) => {
    const { exitCode, err, requests } = await send(["--service", "chat", "--message", "m", ...args]);
    expect(exitCode).toBe(2);
    expect(err).toContain(expected);
    expect(err).toStartWith("logctl: ");
    expect(err.split("\n")).toHaveLength(2);
    expect(requests).toEqual([]);
  });

  test("needs to know who writes", async () => {
    const { exitCode, err, requests } = await send(["--message", "m"]);
    expect(exitCode).toBe(2);
    expect(err).toContain("give --service (reports, payments, chat), or a token");
    expect(requests).toEqual([]);
  });

  test("leaves the service to a token that is given", async () => {
    const { stored, requests } = await send(["--message", "m", "--token", "secret"]);
    expect(stored).toEqual([{ message: "m" }]);
    expect(requests[0]?.token).toBe("Token secret");
  });

  test.each([
    ["not mine", 4, "not stored, service_mismatch: service is not the one this token may write as"],
    ["m", 1, "not stored, record_too_large: too large"],
  ])("tells why '%s' was refused", async (message, expectedCode, expected) => {
    const tooLarge = {
      accepted: 0,
      rejected: 1,
      errors: [{ index: 0, code: "record_too_large", field: null, message: "too large" }],
    };
    const script: Script = () => (message === "m" ? Response.json(tooLarge, { status: 400 }) : undefined);
    const { exitCode, err } = await send(["--service", "chat", "--message", message], { script });
    expect(exitCode).toBe(expectedCode);
    expect(err).toBe(`logctl: ${expected}\n`);
  });

  test("does not take a refusal without a reason for success", async () => {
    const script: Script = () => Response.json({ accepted: 0, rejected: 1, errors: [] }, { status: 400 });
    expect(await send(["--service", "chat", "--message", "m"], { script })).toMatchObject({ exitCode: 1 });
  });

  test.each([
    [401, "unauthorized", 4],
    [403, "forbidden", 4],
    [422, "idempotency_conflict", 1],
  ])("ends a %d %s with exit code %d", async (status, code, expected) => {
    const { exitCode, err } = await send(["--service", "shop", "--message", "m"], {
      script: () => answerErrorWith(status, code, "no"),
    });
    expect(exitCode).toBe(expected);
    expect(err).toStartWith("logctl: no");
  });

  test("says in one line that no collector is there", async () => {
    const context = createTestContext();
    expect(await run(["send", "--service", "chat", "--message", "m"], context)).toBe(3);
    expect(context.err()).toMatch(/^logctl: no collector answers at http:\/\/127\.0\.0\.1:8000: .*\n$/);
  });
});

describe("send from a pipe", () => {
  test("stores each line: text as a message, a JSON object with a message as a record", async () => {
    const { exitCode, stored, out, err, requests } = await send(["--service", "payments", "--severity", "ERROR"], {
      stdinText: 'plain text\n\n{"message":"record","severity":"INFO","n":1}\n{"no":"text"}',
    });
    expect(exitCode).toBe(0);
    expect(stored).toEqual([
      { message: "plain text", service: "payments", severity: "ERROR" },
      { message: "record", severity: "INFO", n: 1, service: "payments" },
      { message: '{"no":"text"}', service: "payments", severity: "ERROR" },
    ]);
    expect(out).toBe("");
    expect(err).toBe("stored 3 records\n");
    expect(requests).toHaveLength(1);
  });

  test("sends batches of a thousand, in order, each under a key of its own", async () => {
    const { stored, requests, err } = await send(["--service", "chat"], { stdinText: numbered(2500) });
    expect(requests.map(({ records }) => records.length)).toEqual([1000, 1000, 500]);
    expect(stored.map(({ message }) => `${message}\n`).join("")).toBe(numbered(2500));
    expect(new Set(requests.map(({ key }) => key)).size).toBe(3);
    expect(err).toBe("stored 2500 records\n");
  });

  test("names each refused line, up to ten, and stores the others", async () => {
    const lines = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? "good" : '{"message":""}'));
    const { exitCode, err, stored } = await send(["--service", "chat"], { stdinText: lines.join("\n") });
    expect(exitCode).toBe(1);
    expect(stored).toHaveLength(15);
    expect(err.split("\n")).toEqual([
      ...Array.from({ length: 10 }, (_, index) => `line ${2 * index + 2}: missing_message: message is missing or blank`),
      "... and 5 more",
      "stored 15 records, refused 15",
      "logctl: 15 of 30 records were refused and are not stored",
      "",
    ]);
  });

  test("names the right line in the second batch", async () => {
    const { err } = await send(["--service", "chat"], { stdinText: `${numbered(1499)}{"message":""}\n` });
    expect(err).toContain("line 1500: missing_message");
  });

  test("ends as not authorised where every refusal is another service's", async () => {
    expect(await send(["--service", "chat"], { stdinText: "not mine\nok\nnot mine\n" })).toMatchObject({ exitCode: 4 });
    expect(await send(["--service", "chat"], { stdinText: 'not mine\n{"message":""}\n' })).toMatchObject({ exitCode: 1 });
  });

  test("shows no control characters that a collector sends", async () => {
    const errors = [{ index: 0, code: "invalid_message", field: null, message: "\u001b[2J" }];
    const script: Script = () => Response.json({ accepted: 0, rejected: 1, errors }, { status: 400 });
    const { err } = await send(["--service", "chat"], { stdinText: "a", script });
    expect(err).toContain("line 1: invalid_message: \\x1b[2J\n");
    expect(err).not.toContain("\u001b");
  });

  test.each(["", "\n \n"])("has nothing to do with %j, which is no failure", async (stdinText) => {
    const { exitCode, err, requests } = await send(["--service", "chat"], { stdinText });
    expect(exitCode).toBe(0);
    expect(err).toBe("nothing to send: the input has no lines\n");
    expect(requests).toEqual([]);
  });

  test("says in one line that no collector is there", async () => {
    const context = createTestContext({ stdinText: numbered(5000) });
    expect(await run(["send", "--service", "chat"], context)).toBe(3);
    expect(context.err()).toMatch(/^logctl: no collector answers at [^\n]*\n$/);
  });

  test("tells what was stored before a failure", async () => {
    const script: Script = (_, count) => (count === 1 ? undefined : answerErrorWith(401, "unauthorized", "revoked"));
    const { exitCode, err } = await send(["--service", "chat"], { stdinText: numbered(1800), script });
    expect(exitCode).toBe(4);
    expect(err).toMatch(/^stored 1000 records; 800 more were read and are not known to be stored\nlogctl: revoked.*\n$/);
  });

  test("once interrupted, finishes the batch under way and tells what was stored and what not", async () => {
    const stop = new AbortController();
    const script: Script = () => {
      stop.abort();
      return undefined;
    };
    const { exitCode, err, stored } = await send(["--service", "chat"], {
      stdinText: numbered(1500),
      script,
      signal: stop.signal,
    });
    expect(exitCode).toBe(130);
    expect(stored).toHaveLength(1000);
    expect(err).toBe("stored 1000 records; 500 more were read and are not known to be stored\n");
  });

  test("says what it did also where it is interrupted before the first line", async () => {
    const { exitCode, err } = await send(["--service", "chat"], { stdinText: "a\n", signal: AbortSignal.abort() });
    expect(exitCode).toBe(130);
    expect(err).toStartWith("stored 0 records");
  });

  test("rewrites one line of progress on a terminal, at most ten times a second", async () => {
    let clock = 0;
    const stdinText = [numbered(1000), numbered(1000), numbered(1000), numbered(1000)].map(bytesOf);
    const { err } = await send(["--service", "chat"], {
      stdinText,
      stdoutIsTTY: true,
      now: () => clock,
      script: () => {
        clock += 60;
        return undefined;
      },
    });
    const clear = "\r\u001b[K";
    expect(err).toBe(`${clear}stored 1000 records${clear}stored 3000 records${clear}stored 4000 records\n`);
  });
});

describe("send on a terminal", () => {
  test("asks nothing where there is no terminal to ask on", async () => {
    const { exitCode, err } = await send(["--service", "chat"], { stdinIsTTY: true });
    expect(exitCode).toBe(2);
    expect(err).toBe("logctl: --message is missing, and there is no terminal to ask on\n");
  });

  test("asks nothing where the flags say all", async () => {
    const { exitCode } = await send(["--service", "chat", "--message", "m"], { stdinIsTTY: true, stdoutIsTTY: true });
    expect(exitCode).toBe(0);
  });

  test("ends quietly where the questions are interrupted", async () => {
    const options = { stdinIsTTY: true, stdoutIsTTY: true, signal: AbortSignal.abort() };
    const { exitCode, err, requests } = await send(["--service", "chat", "--severity", "INFO"], options);
    expect(exitCode).toBe(130);
    expect(err).toBe("");
    expect(requests).toEqual([]);
  });
});
