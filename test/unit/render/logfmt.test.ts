import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLogfmtRenderer } from "../../../src/render/logfmt.ts";

type Fields = { message?: string; service?: string; attributes?: Record<string, unknown> };

const BEFORE_MESSAGE = "timestamp=2026-11-24T10:00:00Z severity=INFO service=chat message=";

function logfmt({ message = "hello", service = "chat", attributes }: Fields): string {
  const times = { timestamp: "2026-11-24T10:00:00Z", received_at: "2026-11-24T10:00:00.456Z" };
  const line = JSON.stringify({ id: 1, ...times, service, severity: "INFO", message, ...(attributes && { attributes }) });
  const renderer = createLogfmtRenderer();
  return renderer.render([line]) + renderer.finish();
}

/** The pairs of one line, read as other tools do. */
function readLogfmt(line: string): [string, string][] {
  const pairs: [string, string][] = [];
  let rest = line;
  while (rest !== "") {
    const match = /^([^\s"=]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: |$)/u.exec(rest);
    if (match === null) throw new Error(`no pair: ${JSON.stringify(rest)}`);
    const [all, key = "", value = ""] = match;
    pairs.push([key, value.startsWith('"') ? JSON.parse(value) : value]);
    rest = rest.slice(all.length);
  }
  return pairs;
}

describe("logfmt", () => {
  test.each([
    ["bare", "bare"],
    ["two words", '"two words"'],
    ["a=b", '"a=b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["C:\\temp", '"C:\\\\temp"'],
    ["a\nb\tc", '"a\\nb\\tc"'],
    ["\u001b[2J", '"\\u001b[2J"'],
    ["a\u202eb", '"a\\u202eb"'],
    ["a\u3164b", '"a\\u3164b"'],
    ["a\u00a0b", '"a\u00a0b"'],
    ["日志", "日志"],
  ])("writes a message %j as %s", (message, value) => {
    expect(logfmt({ message })).toBe(`${BEFORE_MESSAGE}${value}\n`);
  });

  test.each([
    ["a b", "a_b"],
    ["a=b", "a_b"],
    ['"', "_"],
    ["", "_"],
    ["a\nseverity", "a_severity"],
    ["a\u001b[2J", "a_[2J"],
    ["a\u202e\u200bb", "a__b"],
    ["a\u3164b", "a\\u3164b"],
    ["a\u034fb", "a\\u034fb"],
    ["timestamp", "attributes.timestamp"],
    ["message", "attributes.message"],
    ["名前", "名前"],
  ])("names an attribute %j %s", (key, name) => {
    expect(logfmt({ attributes: { [key]: 1 } })).toBe(`${BEFORE_MESSAGE}hello ${name}=1\n`);
  });

  test("names what is nested by its path, as queries do; arrays and empty objects are JSON", () => {
    const attributes = {
      http: { route: "/v1", "a b": { bytes: 1 } },
      list: [{ a: 1 }],
      none: {},
      nothing: null,
      message: { x: 1 },
    };
    expect(logfmt({ attributes })).toBe(
      `${BEFORE_MESSAGE}hello http.route=/v1 http.a_b.bytes=1 list="[{\\"a\\":1}]" none={} nothing=null message.x=1\n`,
    );
  });

  test("reads back as the texts it was made from, always on one line, and no attribute passes for a field", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(...'= "\\\n\ta\u200b\u202eé') }));
    fc.assert(
      fc.property(text, text, text, (message, key, value) => {
        const shown = logfmt({ message, attributes: { [key]: value } });
        expect(shown.indexOf("\n")).toBe(shown.length - 1);
        const pairs = readLogfmt(shown.slice(0, -1));
        expect(pairs.slice(0, 4).map(([name]) => name)).toEqual(["timestamp", "severity", "service", "message"]);
        expect(pairs[3]?.[1]).toBe(message);
        expect(pairs).toHaveLength(5);
        expect(pairs[4]?.[1]).toBe(value);
        expect(["timestamp", "severity", "service", "message"]).not.toContain(pairs[4]?.[0]);
      }),
      { numRuns: 1000 },
    );
  });
});
