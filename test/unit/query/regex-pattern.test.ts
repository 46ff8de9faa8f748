import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { LogctlError } from "../../../src/errors.ts";
import type { RegexPattern } from "../../../src/query/query.ts";
import { readPattern } from "../../../src/query/regex-pattern.ts";

describe("a regular expression is refused where it cannot be meant, at its position:", () => {
  test.each([
    ["", "at 1: the regular expression is empty"],
    ["a(b", "at 2: the group is never closed"],
    ["a)", "at 2: this ')' closes nothing"],
    ["[ab", "at 1: the class is never closed"],
    ["x[]", "at 2: the class is empty"],
    ["[z-a]", "at 2: the range is in the wrong order"],
    ["[\\d-z]", "at 2: a range goes from one character to another"],
    ["[[:alpha:]]", "at 2: names such as [:alpha:] are not known"],
    ["*a", "at 1: there is nothing before '*' to repeat"],
    ["a|+", "at 3: there is nothing before '+' to repeat"],
    ["a**", "at 3: this repeats what is repeated already"],
    ["^*", "at 1: '^' matches a place and cannot be repeated"],
    ["ab{3,2}", "at 3: the counts are in the wrong order"],
    ["a{1001}", "at 1: counts go to 1000"],
    ["x(a{100}){100}", "at 2: counts go to 1000"],
    ["(abcde){900}", "at 1: the regular expression is too large"],
    ["a\\", "at 2: there is nothing behind the last backslash"],
    ["a\\h", "at 2: \\h is not known"],
    ["\\xZZ", "at 1: \\x is not known"],
    ["\\p{Greek}", "at 1: \\p is not known"],
    // What may take for ever.
    ["(a)\\1", "at 4: references back to a group are not supported"],
    ["(?<n>a)\\k<n>", "at 8: references back to a group are not supported"],
    ["a(?=b)", "at 2: looking ahead or behind is not supported"],
    ["(?!b)", "at 1: looking ahead or behind is not supported"],
    ["(?<=b)c", "at 1: looking ahead or behind is not supported"],
    ["(?<!b)c", "at 1: looking ahead or behind is not supported"],
    ["(?i)a", "at 2: expected (?: or (?<name>"],
  ])("%s", (source, message) => {
    expect(() => readPattern(source, false, 0, "--grep")).toThrow(`--grep ${message}`);
    expect(() => readPattern(source, false, 10)).toThrow(expect.objectContaining({ code: "invalid_query", field: "q" }));
  });

  test("counted from where it starts", () => {
    expect(() => readPattern("a(b", false, 10)).toThrow("q at 12: the group");
  });
});

describe("what must occur where a regular expression matches", () => {
  test.each([
    ["timed out", false, ["timed out"]],
    ["time.*out", false, ["time", "out"]],
    ["^ab\\bc$", false, ["abc"]],
    ["colou?r", false, ["colo", "r"]],
    ["a(bc)+d", false, ["bc", "a", "d"]],
    ["a(bc)*d", false, ["a", "d"]],
    ["(?:north|south)-1", false, ["-1"]],
    ["x{3}y{0,2}", false, ["x"]],
    ["[Tt]ime", false, ["ime"]],
    ["Ünicode ß", true, ["nicode "]],
    ["API\\/V", true, ["api/v"]],
    ["a|b", false, []],
    [".*", false, []],
  ])("%s (ignoring case: %p)", (source, ignoreCase, literals) => {
    expect(readPattern(source, ignoreCase).literals).toEqual(literals);
  });
});

describe("the steps that the built-in engine may take", () => {
  test.each([
    // Nothing repeated: each place is tried.
    ["abc", 1],
    ["^abc", 0],
    ["(?:a|b)c", 1],
    ["x{2,5}y?", 1],
    // One more power for each repeat without end.
    ["a+b", 2],
    ["^a+b", 1],
    ["a.*b.*c", 3],
    ["(?:foo)*x", 2],
    ["(?:a+b){3}", 4],
    // Hopeless: a repeat of what matches in several ways, or of nothing.
    ["(a+)+$", Number.POSITIVE_INFINITY],
    ["(x+x+)+y", Number.POSITIVE_INFINITY],
    ["(a|b)*", Number.POSITIVE_INFINITY],
    ["(a?)*", Number.POSITIVE_INFINITY],
    ["(?:a{1,3})+", Number.POSITIVE_INFINITY],
    ["(\\b)*x", Number.POSITIVE_INFINITY],
  ])("%s: length to the power of %p", (source, power) => {
    expect(readPattern(source, false).power).toBe(power);
  });

  test("are multiplied by the alternatives there are, one after another", () => {
    const factorOf = (source: string) => readPattern(source, false).factor;
    expect(factorOf("(?:a|b)(?:a|b)(?:a|b)(?:a|b)x")).toBeGreaterThan(2 ** 4);
    expect(factorOf("a?".repeat(30))).toBeGreaterThan(2 ** 30);
    expect(factorOf("(?:a|a){20}")).toBeGreaterThan(2 ** 20);
  });
});

describe("whatever is read", () => {
  function compileBoth({ builtin, linear }: RegexPattern): void {
    new RegExp(builtin, "u");
    RE2JS.compile(linear);
  }

  test("is known to both engines, up to the largest there may be", () => {
    const categories = "C Cc Cf Cn Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs";
    for (const category of categories.split(" ")) compileBoth(readPattern(`\\p{${category}}[\\P{${category}}x]`, false));
    for (const source of [
      "(a{999}b{999})",
      "\\W{1000}\\w{900}",
      "(a{30}){33}",
      "(?:\\p{L}{0,999}|x)",
      "((a{10}){10}){10}",
      "(|a)*",
    ]) {
      compileBoth(readPattern(source, false));
    }
  });

  test("is known to both engines, or else refused", () => {
    const token = fc.constantFrom(
      ...[
        "a",
        "é",
        "😀",
        "\ud83d",
        ".",
        "^",
        "$",
        "|",
        "(",
        ")",
        "(?:",
        "(?<n>",
        "[",
        "[^",
        "]",
        "-",
        "{",
        "}",
        "{2}",
        "{1,3}",
        "{2,}",
        ",",
      ],
      ...[
        "*",
        "+",
        "?",
        "\\",
        "\\d",
        "\\W",
        "\\b",
        "\\n",
        "\\x41",
        "\\u0041",
        "\\u{1f600}",
        "\\p{L}",
        "\\0",
        "\\-",
        "\\/",
        "/",
        "&&",
        "~",
        "[:",
        "\n",
      ],
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        let pattern: RegexPattern;
        try {
          pattern = readPattern(tokens.join(""), false);
        } catch (error) {
          expect(error).toBeInstanceOf(LogctlError);
          return;
        }
        read += 1;
        compileBoth(pattern);
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(300);
  });
});
