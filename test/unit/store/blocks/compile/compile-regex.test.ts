import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { readPattern } from "../../../../../src/query/regex-pattern.ts";
import { compileRegex } from "../../../../../src/store/blocks/compile/compile-regex.ts";

const matches = (source: string, text: string, ignoreCase = false) => compileRegex(readPattern(source, ignoreCase))(text);

describe("a regular expression", () => {
  test.each([
    ["timed? out", "request timed out", true],
    ["timed? out", "Timed out", false],
    ["^a.c$", "abc", true],
    ["^a.c$", "a\nc", false],
    ["^b", "a\nb", false],
    ["\\bout\\b", "timeout", false],
    ["\\d{3}", "in 504 ms", true],
    ["a\\/b|C:\\\\t", "C:\\t", true],
    ["[^\\s,]+@\\w+", "to x.y@host", true],
    ["\\s", "a\u00a0b", true],
    ["[\\u4e00-\\u9fff]{2}", "東京", true],
    ["^.$", "😀", true],
    ["\\p{Lu}\\P{Lu}", "Ab", true],
    ["a{2", "a{2", true],
    ["}]", "{[}]", true],
    ["(?<year>\\d{4})", "2026", true],
  ])("%s over %j: %p, on either engine", (source, text, expected) => {
    expect(matches(source, text)).toBe(expected);
    const { builtin, linear } = readPattern(source, false);
    expect([new RegExp(builtin, "u").test(text), RE2JS.compile(linear).test(text)]).toEqual([expected, expected]);
  });

  test("in any case", () => {
    expect(matches("straße|ERR", "STRAßE", true)).toBe(true);
    expect(matches("[a-c]x", "Bx", true)).toBe(true);
    expect(matches("\\W", "s", true)).toBe(false);
    expect(matches("(a+)+b", "xAAAB", true)).toBe(true);
  });

  test("takes the long s and the sign of kelvin for letters only where case does not count, as JavaScript does, on either engine", () => {
    for (const source of ["^\\W$", "^[\\W]$", "^[^\\W]$", "^\\w$", "^[^\\w]$", "^(?:\\w|\\W)$"]) {
      for (const text of ["\u017f", "\u212a", "s", "k", "_", " ", "é"]) {
        for (const ignoreCase of [false, true]) {
          const expected = new RegExp(source, ignoreCase ? "iu" : "u").test(text);
          const { linear } = readPattern(source, ignoreCase);
          const steady = RE2JS.compile(linear, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0).test(text);
          expect([source, text, ignoreCase, matches(source, text, ignoreCase), steady]).toEqual([
            source,
            text,
            ignoreCase,
            expected,
            expected,
          ]);
        }
      }
    }
  });

  test("is never silently false: hard ones find what is there, over long texts, in time that grows with the length", () => {
    const long = 100_000;
    const start = performance.now();
    // The built-in engine gives up on these and says false.
    expect(matches("(a+)+$", `${"a".repeat(long)}b${"a".repeat(long)}`)).toBe(true);
    expect(matches("(a+)+$", `${"a".repeat(long)}b`)).toBe(false);
    expect(matches("(x+x+)+y", "x".repeat(long))).toBe(false);
    expect(matches("(x+x+)+y", `${"x".repeat(long)}y`)).toBe(true);
    expect(matches("(a|a)*c|b$", `${"a".repeat(long)}b`)).toBe(true);
    // Not hopeless, but too long for it: quadratic and cubic.
    expect(matches("a+b", `${"a".repeat(long)}cab`)).toBe(true);
    expect(matches(".*a.*b.*c.*d", "a".repeat(long))).toBe(false);
    expect(matches("(?:a|b|ab)(?:a|b|ab)a*a*a*a*c|d$", `${"ab".repeat(long)}d`)).toBe(true);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test("means the same on both engines", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      "B",
      ".",
      "\\d",
      "\\w",
      "\\s",
      "[ab]",
      "[^a]",
      "[a-c\\d]",
      "\\b",
      "é",
      "1",
      " ",
      "\\.",
      "\\W",
      "\\S",
      "ß",
    );
    const pattern = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 2 },
        atom,
        fc.array(tie("tree"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
        fc.tuple(tie("tree"), tie("tree")).map(([left, right]) => `(${left}|${right})`),
        fc
          .tuple(tie("tree"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"))
          .map(([part, count]) => `(?:${part})${count}`),
        tie("tree").map((part) => `^${part}`),
        tie("tree").map((part) => `${part}$`),
      ),
    })).tree;
    const text = fc
      .array(fc.constantFrom("a", "b", "B", "c", "1", " ", "\n", "é", ".", "_", "😀", "ß"), { maxLength: 8 })
      .map((parts) => parts.join(""));
    let found = 0;
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (source, over, ignoreCase) => {
        const { builtin, linear } = readPattern(source, ignoreCase);
        const quick = new RegExp(builtin, ignoreCase ? "iu" : "u").test(over);
        const steady = RE2JS.compile(linear, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0).test(over);
        // And what is written for the built-in engine is what was asked for.
        const asked = new RegExp(source, ignoreCase ? "iu" : "u").test(over);
        if (asked) found += 1;
        expect({ source, over, ignoreCase, quick, steady }).toEqual({ source, over, ignoreCase, quick: asked, steady: asked });
      }),
      { numRuns: 2000 },
    );
    expect(found).toBeGreaterThan(300);
  });

  test("has in what it matches all that must occur there", () => {
    const piece = fc.constantFrom("ab", "a+", "(b|c)", "x?", ".", "[ab]", "s", "(ab)+", "c{2}", "\\b", "(?:a|)", "A");
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "x", "s", "ſ", "A", "B"), { maxLength: 14 })
      .map((parts) => parts.join(""));
    let found = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), text, fc.boolean(), (pieces, over, ignoreCase) => {
        const pattern = readPattern(pieces.join(""), ignoreCase);
        if (!compileRegex(pattern)(over)) return;
        found += 1;
        const searched = ignoreCase ? over.toLowerCase().replaceAll("ſ", "s") : over;
        expect({ pieces, over, missing: pattern.literals.filter((literal) => !searched.includes(literal)) }).toEqual({
          pieces,
          over,
          missing: [],
        });
      }),
      { numRuns: 5000 },
    );
    expect(found).toBeGreaterThan(200);
  });
});
