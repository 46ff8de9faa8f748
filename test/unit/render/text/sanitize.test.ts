import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import fc from "fast-check";
import { createRenderer, OUTPUT_FORMATS, type OutputFormat } from "../../../../src/render/create-renderer.ts";
import { createPaint } from "../../../../src/render/text/colours.ts";
import { messageLines, sanitizeJson, sanitizeText } from "../../../../src/render/text/sanitize.ts";

const CORPUS = resolve(import.meta.dir, "../../../fixtures/attack-corpus");
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[\\d{1,2}m`, "g");
/** What no terminal is to be given. Joiners and variation selectors are allowed where they make one emoji of several. */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u;

async function corpus(): Promise<string[]> {
  const messages: string[] = [];
  for (const file of ["terminal", "unicode", "log-injection", "csv-formula"]) {
    for (const line of (await Bun.file(`${CORPUS}/${file}.ndjson`).text()).trimEnd().split("\n"))
      messages.push(JSON.parse(line).message);
  }
  return messages;
}

function recordOf(message: string, attributes?: Record<string, unknown>): string {
  const times = { timestamp: "2026-11-24T10:00:00.123Z", received_at: "2026-11-24T10:00:00.456Z" };
  return JSON.stringify({ id: 1, ...times, service: "reports", severity: "INFO", message, ...(attributes && { attributes }) });
}

function show(format: OutputFormat, lines: string[], { colour = false, columns = 80 } = {}): string {
  const renderer = createRenderer(format, { terminal: true, columns, utc: true, paint: createPaint(colour) });
  return renderer.render(lines) + renderer.finish();
}

/** What is unsafe in a terminal's output besides line ends and colours. */
function unsafeIn(output: string): string[] {
  return output
    .replace(COLOUR, "")
    .split("\n")
    .flatMap((line) => UNSAFE.exec(line)?.map((found) => found.codePointAt(0)?.toString(16) ?? "") ?? []);
}

describe("on a terminal", () => {
  test.each(OUTPUT_FORMATS)("%s lets nothing of the hostile corpus through, painted or not", async (format) => {
    for (const message of await corpus()) {
      const lines = [recordOf(message, { [message]: message, nested: { deep: [message] } })];
      const plain = show(format, lines);
      expect([message, unsafeIn(plain), plain.includes("\u001b")]).toEqual([message, [], false]);
      expect([message, unsafeIn(show(format, lines, { colour: true }))]).toEqual([message, []]);
    }
  });

  test.each(OUTPUT_FORMATS)("%s lets nothing unsafe of any text through", (format) => {
    const unicode = fc.string({ unit: "binary", maxLength: 40 });
    const hostile = fc
      .array(
        fc.constantFrom(
          "\u001b[2J",
          "\u009b31m",
          "\r",
          "\b",
          "\u202e",
          "\u200b",
          "\u{e0041}",
          "\u2028",
          "\n",
          "a",
          "👩‍👩‍👧",
          "e\u0301",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(unicode, hostile), (text) => {
        expect(unsafeIn(show(format, [recordOf(`x${text}`, { [text]: text })], { colour: true }))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test.each(["line", "raw"] as const)("in %s no line of a message can pass for a record of its own", async (format) => {
    const forged = "ok\n2026-11-24 10:00:00.000Z ERROR payments forged\r\n\nlast\n";
    const lines = show(format, [recordOf(forged), recordOf("second")])
      .trimEnd()
      .split("\n");
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/^( {4}|$)/);
    expect(lines.at(-1)).toContain("second");
    expect(lines.filter((line) => /^\S/.test(line))).toHaveLength(2);
  });

  test("in a table a message stays in its column, whatever it holds", async () => {
    for (const columns of [80, 120, 200]) {
      for (const message of [
        ...(await corpus()),
        "long ".repeat(500),
        "東京".repeat(200),
        "👩‍👩‍👧".repeat(80),
        "x".repeat(5000),
      ]) {
        const lines = show("table", [recordOf(message, { key: "value" })], { columns })
          .trimEnd()
          .split("\n");
        for (const line of lines) expect([message, Bun.stringWidth(line) <= columns]).toEqual([message, true]);
        for (const line of lines.slice(2)) expect(line).toMatch(/^( {40,}|$)/);
        expect(lines.length).toBeLessThanOrEqual(12);
      }
    }
  });
});

describe("sanitizeText", () => {
  test.each([
    ["plain text", "plain text"],
    ["\u001b[31mred", "\\x1b[31mred"],
    ["a\r\nb\tc", "a\\r\\nb\\tc"],
    ["\u0000\u007f\u0085", "\\x00\\x7f\\x85"],
    ["abc\u202edef", "abc\\u202edef"],
    ["zero\u200bwidth", "zero\\u200bwidth"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["half \ud800", "half \\ud800"],
    ["naïve 東京 😀", "naïve 東京 😀"],
    ["👩‍👩‍👧 ❤️ 1️⃣", "👩‍👩‍👧 ❤️ 1️⃣"],
    ["a\u200db", "a\\u200db"],
    ["e\u0301", "e\u0301"],
  ])("shows %j as %j", (text, shown) => {
    expect(sanitizeText(text)).toBe(shown);
  });

  test("lets marks pile up no higher than four", () => {
    expect(sanitizeText(`z${"\u0301".repeat(9)}`)).toBe(`z${"\u0301".repeat(4)}${"\\u0301".repeat(5)}`);
  });

  test("paints what it escapes, and that alone", () => {
    expect(sanitizeText("a\u001bb", (escaped) => `<${escaped}>`)).toBe("a<\\x1b>b");
  });
});

test("sanitizeJson means the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value);
      expect(JSON.parse(sanitizeJson(json))).toEqual(JSON.parse(json));
    }),
  );
  expect(sanitizeJson('"\u007f\u{e0041}"')).toBe('"\\u007f\\udb40\\udc41"');
});

test.each([
  ["one", ["one"]],
  ["a\nb\r\nc", ["a", "b", "c"]],
  ["a\rb", ["a\rb"]],
  ["trace:\n\tat x\n\n", ["trace:", "    at x"]],
  ["a\n\nb", ["a", "", "b"]],
  ["\n\r\n", [""]],
  ["x\r\r\n", ["x\r"]],
])("messageLines(%j)", (message, lines) => {
  expect(messageLines(message)).toEqual(lines);
});

test("messageLines takes no longer for very many line ends than for as much text", () => {
  const started = performance.now();
  expect(messageLines(`${"\n".repeat(200_000)}x`)).toHaveLength(200_001);
  expect(messageLines(`x${"\r\n".repeat(200_000)}`)).toEqual(["x"]);
  expect(performance.now() - started).toBeLessThan(400);
});
