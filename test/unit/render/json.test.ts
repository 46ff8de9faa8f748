import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LogctlError } from "../../../src/errors.ts";
import { createRenderer, OUTPUT_FORMATS, type OutputFormat } from "../../../src/render/create-renderer.ts";
import { createPaint } from "../../../src/render/text/colours.ts";

const START = '{"id":1,"timestamp":"2026-11-24T10:00:00Z","received_at":"2026-11-24T10:00:01.000Z","service":"chat"';

function render(format: OutputFormat, lines: string[], terminal: boolean): string {
  const settings = { terminal, columns: terminal ? 80 : undefined, utc: true, paint: createPaint(false) };
  const renderer = createRenderer(format, settings);
  return renderer.render(lines) + renderer.finish();
}

/** Number texts of any length, whose digits a double cannot hold. */
const numberText = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.bigInt({ min: 0n, max: 10n ** 40n }),
    fc.constantFrom("", ".10", ".0", "e400", "E-7", ".5e+2"),
  )
  .map((parts) => parts.join(""));

describe("every digit of a number", () => {
  test.each(["json", "ndjson", "csv", "logfmt", "line"] as const)("is kept by %s, for a pipe and on a terminal", (format) => {
    fc.assert(
      fc.property(numberText, (number) => {
        const line = `${START},"severity":"INFO","message":"x","attributes":{"n":${number},"deep":[{"n":${number}}]}}`;
        for (const terminal of [false, true]) {
          const shown = render(format, [line], terminal);
          const found = [...shown.matchAll(/(?<![\w.+-])n[\\"]*[=:] ?([^\s,}\]"]+)/g)].map(([, text]) => text);
          expect(found).toEqual([number, number]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("JSON and NDJSON", () => {
  test("mean the same on a terminal as for a pipe, whatever a record holds", () => {
    const value = fc.tuple(fc.string({ unit: "binary" }), fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()));
    fc.assert(
      fc.property(value, ([message, attributes]) => {
        const rest = JSON.stringify({ severity: "INFO", message, attributes }).slice(1);
        const line = `${START},${rest}`;
        const record = JSON.parse(line);
        expect(JSON.parse(render("json", [line, line], true))).toEqual([record, record]);
        expect(JSON.parse(render("ndjson", [line], true))).toEqual(record);
        expect(render("ndjson", [line], false)).toBe(`${line}\n`);
        expect(JSON.parse(render("json", [line, line], false))).toEqual([record, record]);
      }),
      { numRuns: 300 },
    );
  });

  test("a message cannot end the JSON that holds it", () => {
    const line = `${START},"severity":"INFO","message":${JSON.stringify('"},\n{"severity":"ERROR","message":"forged')}}`;
    for (const terminal of [false, true]) {
      expect(JSON.parse(render("json", [line], terminal))).toHaveLength(1);
      expect(render("ndjson", [line], terminal).trimEnd()).not.toContain("\n");
    }
  });
});

test.each(OUTPUT_FORMATS.filter((format) => format !== "ndjson"))("%s refuses a record whose times are none", (format) => {
  const good = `${START},"severity":"INFO","message":"x"}`;
  expect(render(format, [good], true)).toContain("x");
  for (const time of ["\\u001b[2J", "yesterday", "", "2026-13-01T00:00:00Z", "2026-11-24T10:00:00Z\\n", "1732442400"]) {
    for (const field of ["timestamp", "received_at"]) {
      const bad = good.replace(new RegExp(`"${field}":"[^"]*"`), () => `"${field}":"${time}"`);
      let failure: unknown;
      try {
        render(format, [bad], true);
      } catch (error) {
        failure = error;
      }
      expect(failure).toBeInstanceOf(LogctlError);
      expect(failure).toMatchObject({ code: "unexpected_answer", field });
    }
  }
});
