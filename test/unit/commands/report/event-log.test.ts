import { describe, expect, test } from "bun:test";
import { createEventLog, errorFields, type LogFormat } from "../../../../src/commands/report/event-log.ts";
import { LogctlError } from "../../../../src/errors.ts";
import type { LogEvent, LogLevel } from "../../../../src/log-event.ts";
import { eventually } from "../../../support/binary.ts";

const NOW = Date.UTC(2026, 10, 24, 19, 0, 0);

function openLog({ format = "json", level = "info" }: { format?: LogFormat; level?: LogLevel } = {}) {
  const written: string[] = [];
  const log = createEventLog({ level, format, now: () => NOW, write: (text) => written.push(text), repeatMs: 50 });
  return { ...log, text: () => written.join("") };
}

const event = (more: Partial<LogEvent> = {}): LogEvent => ({ level: "info", event: "happened", message: "it did", ...more });

describe("the collector's own log", () => {
  test("is one JSON object a line, with what else there is to say, whatever is in the texts", () => {
    const { log, text } = openLog();
    log(event({ fields: { n: 1 } }));
    log(event({ message: 'a"\n{"time":"forged"}\u001b[31m\u2028' }));
    const lines = text().trimEnd().split("\n");
    expect(lines[0]).toBe('{"time":"2026-11-24T19:00:00.000Z","level":"info","event":"happened","message":"it did","n":1}');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] as string).message).toBe('a"\n{"time":"forged"}\u001b[31m\u2028');
    expect(lines[1]).not.toContain("\u001b");
  });

  test("for people is a line too, and drives no terminal", () => {
    const { log, announce, text } = openLog({ format: "text" });
    log(event({ level: "error", message: "bad\n\u001b[31m", fields: { file: "a b", stack: "Error\n  at x\u001b" } }));
    announce(event(), "for a person\n");
    expect(text()).toBe("2026-11-24T19:00:00.000Z ERROR bad\\n\\x1b[31m file=a b\n    Error\n    at x\\x1b\nfor a person\n");
  });

  test("leaves out what is below its level", () => {
    const { log, announce, text } = openLog({ level: "warn" });
    for (const level of ["debug", "info", "warn", "error"] as const) log(event({ level }));
    announce(event(), "for a person\n");
    expect(text().match(/"level":"\w+"/g)).toEqual(['"level":"warn"', '"level":"error"']);
  });

  test("writes what may happen very often once, and later how often it came", async () => {
    const { log, close, text } = openLog();
    const often = event({ level: "error", mayRepeat: true });
    for (let i = 0; i < 1000; i += 1) log(often);
    log({ ...often, message: "another" });
    expect(text().trimEnd().split("\n")).toHaveLength(2);
    await eventually(() => (text().includes('"repeated":999') ? true : undefined));
    log(often);
    log(often);
    close();
    expect(
      text()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).repeated),
    ).toEqual([undefined, undefined, 999, undefined, 1]);
    for (let i = 0; i < 5; i += 1) log(event());
    expect(text().trimEnd().split("\n")).toHaveLength(10);
  });

  test("stays small whatever is different each time", () => {
    const { log, close, text } = openLog();
    for (let i = 0; i < 5000; i += 1) log(event({ level: "error", mayRepeat: true, message: `m${i}` }));
    expect(text().trimEnd().split("\n")).toHaveLength(101);
    close();
    expect(JSON.parse(text().trimEnd().split("\n").at(-1) as string).repeated).toBe(4899);
  });

  test("has the stack of what was not foreseen, and the cause of what was", () => {
    const cause = new Error("inner");
    expect(errorFields(new LogctlError("store_unavailable", "outer", { cause }))).toEqual({
      message: "outer",
      fields: { code: "store_unavailable", cause: cause.stack },
    });
    const unforeseen = new TypeError("x is undefined");
    expect(errorFields(unforeseen)).toEqual({ message: "x is undefined", fields: { stack: unforeseen.stack } });
    expect(errorFields("text").message).toBe("text");
  });
});
