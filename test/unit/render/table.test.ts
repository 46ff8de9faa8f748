import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRenderer } from "../../../src/render/create-renderer.ts";
import { alignColumns } from "../../../src/render/text/align-columns.ts";
import { createPaint } from "../../../src/render/text/colours.ts";

const ESC = String.fromCharCode(27);
const COLOUR = new RegExp(`${ESC}\\[\\d{1,2}m`, "g");
const FAMILY = "👨‍👩‍👧";

type Fields = { service?: string; message?: string; severity?: string; attributes?: Record<string, unknown> };

function recordOf({ service = "chat", message = "hello", severity = "INFO", attributes }: Fields): string {
  const times = { timestamp: "2026-11-24T10:00:00.123Z", received_at: "2026-11-24T10:00:00.456Z" };
  return JSON.stringify({ id: 1, ...times, service, severity, message, ...(attributes && { attributes }) });
}

function table(records: Fields[], columns: number | undefined, colour = false): string {
  const settings = { terminal: columns !== undefined, columns, utc: true, paint: createPaint(colour) };
  const renderer = createRenderer("table", settings);
  return renderer.render(records.map(recordOf)) + renderer.finish();
}

/** The display column in which `part` starts in `line`. */
function columnOf(line: string | undefined, part: string): number {
  if (!line?.includes(part)) return -1;
  return Bun.stringWidth(line.slice(0, line.indexOf(part)));
}

/** What is left of a joiner that joins nothing. */
const STRAY_JOINER = /\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic}|\ufe0f|\p{Emoji_Modifier})\u200d/u;

describe("a table on a terminal", () => {
  test("has headings over columns that start at one place", () => {
    expect(table([{ severity: "CRITICAL", service: "payments" }, {}], 80)).toBe(
      [
        "TIME                      SEVERITY  SERVICE   MESSAGE",
        "2026-11-24 10:00:00.123Z  CRITICAL  payments  hello",
        "2026-11-24 10:00:00.123Z  INFO      chat      hello",
        "",
      ].join("\n"),
    );
  });

  test("is nothing where there are no records", () => {
    expect(table([], 80)).toBe("");
  });

  test("wraps a message within its column, and ends one that is very long in an ellipsis", () => {
    const lines = table([{ message: "x".repeat(5000) }, { message: "second" }], 80)
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(12);
    expect(lines[1]).toHaveLength(80);
    expect(lines[9]).toMatch(/^ {45}x{35}$/);
    expect(lines[10]).toMatch(/^ {45}x{34}…$/);
    expect(lines[11]).toEndWith("second");
    expect(lines.filter((line) => line.includes("…"))).toHaveLength(1);
  });

  test("begins no line with the space at which it was broken, and goes on behind the end of a word that was cut", () => {
    const trace = "a".repeat(43);
    for (const colour of [false, true]) {
      const shown = table(
        [{ message: "thirty-five letters fill the column and no more", attributes: { trace, user: 7 } }],
        80,
        colour,
      );
      const [, ...lines] = shown.replaceAll(COLOUR, "").trimEnd().split("\n");
      expect(lines.map((line) => line.slice(45))).toEqual([
        "thirty-five letters fill the column",
        "and no more",
        `trace=${"a".repeat(29)}`,
        `${"a".repeat(14)} user=7`,
      ]);
    }
    const [, ...stack] = table([{ message: "Error\n    at a\n      b ccccccccccccccccccccccc dddd" }], 80).split("\n");
    expect(stack.slice(0, 4).map((line) => line.slice(45))).toEqual([
      "Error",
      "    at a",
      "      b ccccccccccccccccccccccc dddd".slice(0, 31),
      "dddd",
    ]);
  });

  test("a message that fits exactly is neither wrapped nor cut", () => {
    const lines = table([{ message: "x".repeat(350) }], 80)
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(11);
    expect(lines.join("")).not.toContain("…");
  });

  test("cuts a long service's name to a fifth of the width, with an ellipsis", () => {
    const [, line] = table([{ service: "東京".repeat(25) }], 80).split("\n");
    expect(line).toContain(`  ${"東京".repeat(3)}東…   hello`);
    expect(columnOf(line, "hello")).toBe(54);
  });

  test.each(["東京", "👩‍💻", "e\u0301a\u0308o\u0302u", "👍🏽", "❤️", "🇯🇵", "한국어", "カ\u3099"])(
    "keeps its columns and its width beside the service %s",
    (service) => {
      const lines = table(
        [
          { service, message: "word ".repeat(60) },
          { service: "plain", message: "second" },
        ],
        80,
      )
        .trimEnd()
        .split("\n");
      for (const line of lines) expect([line, Bun.stringWidth(line) <= 80]).toEqual([line, true]);
      expect(columnOf(lines[0], "MESSAGE")).toBe(45);
      expect(columnOf(lines[1], "word")).toBe(45);
      expect(columnOf(lines.at(-1), "second")).toBe(45);
    },
  );

  test("counts wide characters as two columns and joined ones as one character", () => {
    const lines = table([{ service: "日志" }, { service: FAMILY }, { service: "plain" }], 80)
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => columnOf(line, "hello"))).toEqual([-1, 45, 45, 45]);
    const [, first, second] = table([{ message: "東".repeat(20) }], 80).split("\n");
    expect(first).toEndWith(`  ${"東".repeat(17)}`);
    expect(second).toBe(`${" ".repeat(45)}${"東".repeat(3)}`);
  });

  test.each(["❤️", "1️⃣", "👍🏽", "🇩🇪", FAMILY])("wraps a line of %s, which is two columns wide each", (emoji) => {
    const lines = table([{ message: emoji.repeat(30) }], 80)
      .trimEnd()
      .split("\n");
    expect(lines.join("").split(emoji)).toHaveLength(31);
    expect(lines.map((line) => line.slice(45).replaceAll(emoji, ""))).toEqual(["MESSAGE", "", ""]);
    expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThanOrEqual(5);
  });

  // Letters that the rules of Unicode take for one character, however many they are, and terminals for many.
  test.each(["\u1100", "\u0e33"])("neither a message nor a service of many %s leaves its column", (letter) => {
    const lines = table([{ message: `x${letter.repeat(300)} end` }], 80).split("\n");
    expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(80);
    const [, line = ""] = table([{ service: letter.repeat(99) }], 80).split("\n");
    expect(Bun.stringWidth(line)).toBeLessThan(80);
    expect(line).toContain("…");
  });

  test("no line is wider than the terminal, whatever message, attributes and colours hold", () => {
    const part = fc.constantFrom(
      "a",
      "word ",
      "東",
      "ｱ",
      FAMILY,
      "❤️",
      "🇩🇪",
      "e\u0301",
      "\n",
      "\t",
      ESC,
      "\u202e",
      "👍🏽",
      "1️⃣",
      "ข้อ",
      "한",
    );
    const text = fc.array(part, { maxLength: 200 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, fc.constantFrom(80, 200), fc.boolean(), (message, value, columns, colour) => {
        const shown = table([{ message, attributes: { key: value } }, { message: "second" }], columns, colour).replace(
          COLOUR,
          "",
        );
        const lines = shown.trimEnd().split("\n");
        for (const line of lines) {
          expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(STRAY_JOINER);
        }
        for (const line of lines.slice(2, -1)) expect(line).toMatch(/^( {45}|$)/);
        expect(columnOf(lines.at(-1), "second")).toBe(45);
        expect(shown).not.toContain(ESC);
      }),
      { numRuns: 300 },
    );
  });

  test("attributes are on the line of a short message, and on one of their own after a longer one", () => {
    expect(table([{ attributes: { a: 1, b: "x y" } }], 80)).toEndWith('  hello a=1 b="x y"\n');
    expect(table([{ message: "one\ntwo", attributes: { a: 1 } }], 80)).toEndWith(
      `  one\n${" ".repeat(45)}two\n${" ".repeat(45)}a=1\n`,
    );
  });

  test("what is cut before it is wrapped says so, and leaves no joiner without what it joined", () => {
    for (let padding = 0; padding < 8; padding += 1) {
      const text = "x".repeat(padding) + FAMILY.repeat(60);
      for (const fields of [{ message: text }, { attributes: { k: text } }, { message: `${text}\nshort` }]) {
        const shown = table([fields], 80);
        expect(shown).toContain("…");
        expect([padding, STRAY_JOINER.exec(shown)?.index]).toEqual([padding, undefined]);
      }
    }
    expect(table([{ message: "हिन्दी ".repeat(80) }], 80)).toMatch(/…\n$/);
    expect(table([{ message: "x".repeat(100), attributes: { k: "v" } }], 80)).not.toContain("…");
  });
});

describe("a table for a pipe", () => {
  test("cuts no service's name, not even one longer than all of the first thousand", () => {
    const long = "a-service-with-a-long-name";
    const shown = table([...Array.from({ length: 1500 }, () => ({})), { service: long }], undefined);
    expect(shown).toContain(`  ${long}  hello\n`);
    expect(shown).not.toContain("…");
  });

  test("takes no more room than there is to write, and no more time, where a message is very long", () => {
    const spaces = `a${" ".repeat(200_000)}z`;
    const started = performance.now();
    const shown = table([{ message: spaces }, ...Array.from({ length: 900 }, () => ({}))], undefined);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(shown).toContain(`  ${spaces}\n`);
    expect(shown.length).toBeLessThan(300_000);
  });
});

test("alignColumns keeps the lines of a last cell in their column, and no spaces at an end", () => {
  const rows = [
    ["A", "BB", "C"],
    ["1", "2", "one  \ntwo\n\nfour"],
    ["333", "", ""],
  ];
  expect(alignColumns(rows)).toBe("A    BB  C\n1    2   one\n         two\n\n         four\n333\n");
});
