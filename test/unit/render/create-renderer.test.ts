import { describe, expect, test } from "bun:test";
import { createRenderer, type OutputFormat } from "../../../src/render/create-renderer.ts";
import type { RenderSettings } from "../../../src/render/renderer.ts";
import { createPaint, wantsColour } from "../../../src/render/text/colours.ts";

const PIPE: RenderSettings = { terminal: false, columns: undefined, utc: true, paint: createPaint(false) };
const TERMINAL: RenderSettings = { ...PIPE, terminal: true, columns: 80 };
const FIRST = `{"id":7,"timestamp":"2026-11-24T10:00:00.123456789Z","received_at":"2026-11-24T10:00:01.000Z","service":"payments","severity":"ERROR","message":"card \\"x\\" declined,\\nagain","attributes":{"amount":12345678901234567890,"rate":1.10,"user":{"id":42}}}`;
const SECOND = `{"id":8,"timestamp":"2026-11-24T10:00:02Z","received_at":"2026-11-24T10:00:02.000Z","service":"chat","severity":"INFO","message":"=1+1"}`;

function render(format: OutputFormat, lines: string[], settings = PIPE): string {
  const renderer = createRenderer(format, settings);
  return renderer.render(lines) + renderer.finish();
}

describe("for a pipe", () => {
  test("NDJSON and JSON are byte by byte what the server sent", () => {
    expect(render("ndjson", [FIRST, SECOND])).toBe(`${FIRST}\n${SECOND}\n`);
    expect(render("json", [FIRST, SECOND])).toBe(`[\n${FIRST},\n${SECOND}\n]\n`);
    expect(render("json", [])).toBe("[]\n");
    expect(render("ndjson", [])).toBe("");
  });

  test("JSON goes on where an earlier piece ended", () => {
    const renderer = createRenderer("json", PIPE);
    expect(
      JSON.parse(renderer.render([FIRST]) + renderer.render([]) + renderer.render([SECOND]) + renderer.finish()),
    ).toHaveLength(2);
  });

  test("CSV has a header, quotes, and no formulas", () => {
    expect(render("csv", [FIRST, SECOND])).toBe(
      "id,timestamp,received_at,service,severity,message,attributes\r\n" +
        '7,2026-11-24T10:00:00.123456789Z,2026-11-24T10:00:01.000Z,payments,ERROR,"card ""x"" declined,\nagain","{""amount"":12345678901234567890,""rate"":1.10,""user"":{""id"":42}}"\r\n' +
        "8,2026-11-24T10:00:02Z,2026-11-24T10:00:02.000Z,chat,INFO,'=1+1,\r\n",
    );
    expect(render("csv", [])).toBe("id,timestamp,received_at,service,severity,message,attributes\r\n");
  });

  test("logfmt keeps a record on one line, and every digit", () => {
    expect(render("logfmt", [FIRST])).toBe(
      'timestamp=2026-11-24T10:00:00.123456789Z severity=ERROR service=payments message="card \\"x\\" declined,\\nagain" amount=12345678901234567890 rate=1.10 user.id=42\n',
    );
    const shadowing = SECOND.replace("}", ',"attributes":{"severity":"DEBUG","a b":"","":1}}');
    expect(render("logfmt", [shadowing])).toContain(' attributes.severity=DEBUG a_b="" _=1\n');
  });

  test("raw is the message as it was logged", () => {
    expect(render("raw", [FIRST, SECOND])).toBe('card "x" declined,\nagain\n=1+1\n');
  });

  test("a table cuts nothing, and a record is one line", () => {
    const long = SECOND.replace("=1+1", "x".repeat(500));
    const lines = render("table", [FIRST, long]).split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[1]).toBe(
      '2026-11-24 10:00:00.123Z  ERROR     payments  card "x" declined,\\nagain amount=12345678901234567890 rate=1.10 user.id=42',
    );
    expect(lines[2]).toEndWith("x".repeat(500));
  });

  test.each(["json", "csv", "logfmt", "raw", "table", "line"] as const)("%s refuses what is no log record", (format) => {
    for (const line of ["{}", "not json", '{"id":1}', "[]"]) expect(() => render(format, [line])).toThrow();
  });
});

describe("for a terminal", () => {
  test("JSON is spread out and still JSON, with every digit", () => {
    const shown = render("json", [FIRST], TERMINAL);
    expect(JSON.parse(shown)).toEqual([JSON.parse(FIRST)]);
    expect(shown).toContain('"amount": 12345678901234567890,');
    expect(shown.split("\n").length).toBeGreaterThan(10);
  });

  test("a line holds time, severity, service, message and attributes; a longer message is indented", () => {
    expect(render("line", [FIRST], TERMINAL)).toBe(
      '2026-11-24 10:00:00.123Z ERROR payments card "x" declined,\n    again\n    amount=12345678901234567890 rate=1.10 user.id=42\n',
    );
  });

  test("no line of a record is longer than the terminal's, and only its first starts in the first column", () => {
    const forged = "2026-11-24 10:00:00.000Z ERROR payments all is lost";
    for (const [columns, padding] of [
      [80, " ".repeat(29)],
      [80, "x".repeat(29)],
      [80, "東".repeat(60)],
      [40, "word ".repeat(40)],
    ] as const) {
      const record = SECOND.replace("=1+1", `${padding}${forged} ${forged} ${forged}`);
      const [first, ...others] = render("line", [record], { ...TERMINAL, columns })
        .trimEnd()
        .split("\n");
      expect(first).toStartWith("2026-11-24 10:00:02.000Z INFO chat ");
      expect(others.length).toBeGreaterThan(0);
      for (const line of [first ?? "", ...others]) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
      for (const line of others) expect(line).toStartWith("    ");
      expect([first, ...others].join("").replaceAll(" ", "")).toContain(forged.replaceAll(" ", ""));
    }
  });

  test("a line for a pipe is not wrapped, and neither is a raw message", () => {
    const record = SECOND.replace("=1+1", "word ".repeat(100));
    expect(render("line", [record]).split("\n")).toHaveLength(2);
    expect(render("raw", [record], TERMINAL).split("\n")).toHaveLength(2);
  });

  test("a table of many records lines up from the first to the last", () => {
    const lines = Array.from({ length: 2500 }, (_, i) => SECOND.replace("=1+1", `message ${i}`));
    const shown = render("table", lines, TERMINAL).trimEnd().split("\n");
    expect(shown).toHaveLength(2501);
    expect(new Set(shown.slice(1).map((line) => line.indexOf("message"))).size).toBe(1);
  });
});

describe("colour", () => {
  test.each([
    [{}, true, true, true],
    [{}, false, true, false],
    [{}, true, false, false],
    [{ NO_COLOR: "1" }, true, true, false],
    [{ NO_COLOR: "" }, true, true, true],
    [{ FORCE_COLOR: "1" }, false, true, true],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true, true],
    [{ FORCE_COLOR: "0" }, true, true, false],
    [{ FORCE_COLOR: "1" }, true, false, false],
    [{ TERM: "dumb" }, true, true, false],
  ])("with %j, a terminal: %p, allowed: %p, is %p", (env, isTTY, allowed, expected) => {
    expect(wantsColour({ env, isTTY, allowed })).toBe(expected);
  });

  test("tells severities apart", () => {
    const paint = createPaint(true);
    const painted = (["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"] as const).map((name) => paint.severity(name, "x"));
    expect(new Set(painted).size).toBe(6);
    expect(createPaint(false).severity("ERROR", "x")).toBe("x");
  });
});
