import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LogctlError } from "../../../src/errors.ts";
import { MAX_QUERY_CHARACTERS, MAX_QUERY_DEPTH, parseQuery } from "../../../src/query/parse-query.ts";
import { ANY_MANY, ANY_ONE, type Comparison, type Field, type Query } from "../../../src/query/query.ts";
import { printQuery } from "../../support/print-query.ts";
import { textQuery } from "../../support/text-query.ts";

const text = (...parts: Extract<Query, { type: "text" }>["parts"]): Query => ({ type: "text", field: "any", parts });
const about = (field: Field, ...parts: Extract<Query, { type: "text" }>["parts"]): Query => ({ type: "text", field, parts });
const compare = (path: string, operator: Comparison, value: string): Query => ({
  type: "compare",
  field: { path },
  operator,
  value,
});
const severity = (operator: Comparison, index: number): Query => ({ type: "severity", operator, index });
const not = (part: Query): Query => ({ type: "not", part });
const and = (...parts: Query[]): Query => ({ type: "and", parts });
const or = (...parts: Query[]): Query => ({ type: "or", parts });
const [a, b, c, d] = ["a", "b", "c", "d"].map((word) => textQuery(word)) as [Query, Query, Query, Query];

describe("a query is read", () => {
  const cases: [string, Query][] = [
    ["timeout", textQuery("timeout")],
    ["  two\twords\n", textQuery("two", "words")],
    ['"timed out"', textQuery("timed out")],
    ['gateway "timed out" 504', textQuery("gateway", "timed out", "504")],
    ['"say \\"hi\\""', textQuery('say "hi"')],
    ['"C:\\\\temp" C\\:\\temp', textQuery("C:\\temp", "C:\\temp")],
    ['"a\\nb"', textQuery("a\\nb")],
    ['it"s', textQuery('it"s')],
    ['"a""b"', textQuery("a", "b")],
    ["naïve 東京 😀", textQuery("naïve", "東京", "😀")],
    ["db-7 10.0.0.1 a/b and or not [x] {y}", textQuery("db-7", "10.0.0.1", "a/b", "and", "or", "not", "[x]", "{y}")],
    ["\\-x \\*", textQuery("-x", "*")],
    // operators
    ["a b OR c d", or(and(a, b), and(c, d))],
    ["a AND b OR NOT c", or(and(a, b), not(c))],
    ["a && b || !c", or(and(a, b), not(c))],
    ["a&&b||c", or(and(a, b), c)],
    ["a (b OR c) -d", and(a, or(b, c), not(d))],
    ["-(a b)", not(and(a, b))],
    ["NOT NOT a", not(not(a))],
    ["a AND (b AND (c AND d))", and(a, b, c, d)],
    ["(((a)))", a],
    ["a(b)c", and(a, b, c)],
    ['"AND" ANDY', textQuery("AND", "ANDY")],
    // wildcards
    [
      "time* *out *foo* t?m*",
      and(text("time", ANY_MANY), text(ANY_MANY, "out"), text(ANY_MANY, "foo", ANY_MANY), text("t", ANY_ONE, "m", ANY_MANY)),
    ],
    ["a**b", text("a", ANY_MANY, "b")],
    ['a\\*b "a*b"', textQuery("a*b", "a*b")],
    ["*", { type: "all" }],
    ["*:*", { type: "all" }],
    // fields
    ["service:payments", about("service", "payments")],
    ["message:disk", about("message", "disk")],
    ['user_id:42 "a b":"c d"', and(about({ path: "user_id" }, "42"), about({ path: "a b" }, "c d"))],
    ["http.method:G*T", about({ path: "http.method" }, "G", ANY_MANY, "T")],
    ["url:http://x/y?z", about({ path: "url" }, "http://x/y", ANY_ONE, "z")],
    ["attributes.service:x attributes.a:y", and(about({ path: "service" }, "x"), about({ path: "a" }, "y"))],
    ["user_id:* message:*", and({ type: "exists", path: "user_id" }, { type: "all" })],
    ["x:(a OR -b)", or(about({ path: "x" }, "a"), not(about({ path: "x" }, "b")))],
    ["x:(>1 <=5 !=3)", and(compare("x", ">", "1"), compare("x", "<=", "5"), not(compare("x", "=", "3")))],
    // comparisons
    ["n=42", compare("n", "=", "42")],
    ['n="4 2"', compare("n", "=", "4 2")],
    ["n!=42", not(compare("n", "=", "42"))],
    ["n>1 n>=2 n<3 n<=4", and(compare("n", ">", "1"), compare("n", ">=", "2"), compare("n", "<", "3"), compare("n", "<=", "4"))],
    ["n:>1 n:<=4", and(compare("n", ">", "1"), compare("n", "<=", "4"))],
    ["n:[1 TO 5]", and(compare("n", ">=", "1"), compare("n", "<=", "5"))],
    ["n:{1 TO 5}", and(compare("n", ">", "1"), compare("n", "<", "5"))],
    ['n:[ "a b" TO * ]', compare("n", ">=", "a b")],
    ["n:{* TO 5}", compare("n", "<", "5")],
    ["n:[* TO *]", { type: "exists", path: "n" }],
    ["severity:>=ERROR", severity(">=", 4)],
    ["severity:warning severity=err severity<info", and(severity("=", 3), severity("=", 4), severity("<", 2))],
    ["severity:(error OR fatal)", or(severity("=", 4), severity("=", 5))],
    ["severity!=debug", not(severity("=", 1))],
    ["id>=7", { type: "id", operator: ">=", id: 7 }],
    [
      "timestamp>2026-11-24T10:00:00Z",
      { type: "time", field: "timestamp", operator: ">", time: { ms: Date.UTC(2026, 10, 24, 10), nanos: 0, digits: 0 } },
    ],
    [
      "received_at:<=1763978400",
      { type: "time", field: "received_at", operator: "<=", time: { ms: 1_763_978_400_000, nanos: 0, digits: 0 } },
    ],
  ];
  test.each(cases)("%s", (q, query) => {
    expect(parseQuery(q)).toEqual(query);
    // Printed and read again it is the same.
    expect(parseQuery(printQuery(query))).toEqual(query);
  });

  const patterns: [string, Field, string, boolean][] = [
    ["/timed? out/", "any", "timed? out", false],
    ["/ERR/i", "any", "ERR", true],
    ["path:/api\\/v[12]/", { path: "path" }, "api\\/v[12]", false],
    ["path:/[/]x/i", { path: "path" }, "[/]x", true],
    ["message~time.*out", "message", "time.*out", false],
    ["message~(a|b)+", "message", "(a|b)+", false],
    ["(service~^pay)", "service", "^pay", false],
    ["x~/a b/i", { path: "x" }, "a b", true],
    ['x~"a \\d"', { path: "x" }, "a \\d", false],
  ];
  test.each(patterns)("%s, which has a regular expression", (q, field, source, ignoreCase) => {
    const query = parseQuery(q);
    expect(query).toMatchObject({ type: "regex", field, pattern: { source, ignoreCase } });
    expect(printQuery(parseQuery(printQuery(query)))).toBe(printQuery(query));
  });

  test("as plain data", () => {
    const query = parseQuery("service:a -x severity>=warn id<5 timestamp>0 n:[1 TO 2] (/(a|b)+/i OR y:* OR z*)");
    expect(structuredClone(query)).toEqual(query);
  });
});

describe("a query is refused, and the message says where and what was expected:", () => {
  test.each([
    ["", "q is blank"],
    [" \t", "q is blank"],
    ['"open', "q at 1: the quote is never closed"],
    ['a "b\\"', "q at 3: the quote is never closed"],
    ['x ""', "q at 3: the phrase is blank"],
    ['" "', "q at 1: the phrase is blank"],
    ['x:" "', "q at 3: the phrase is blank"],
    ["a OR", 'q at 5: expected a word, a "phrase" or a condition before the end'],
    ["AND a", 'q at 1: expected a word, a "phrase" or a condition before AND'],
    ["a || || b", 'q at 6: expected a word, a "phrase" or a condition before ||'],
    ["a NOT", "q at 6: expected a word"],
    ["()", "q at 2: expected a word, a \"phrase\" or a condition before ')'"],
    ["a (b", "q at 3: this '(' is never closed"],
    ["a) b", "q at 2: this ')' closes nothing"],
    ["a - b", "q at 3: expected what to leave out right behind '-'"],
    ["=x", "q at 1: expected a field before '='"],
    ["a ->b:", "q at 4: expected a field before '>'"],
    ["error: disk", "q at 7: expected a value right behind ':'"],
    ["x:>", "q at 4: expected a value right behind '>'"],
    ["n=4*", "q at 3: '=' takes no wildcards"],
    ["a*:b", "q at 1: the name of a field has no wildcards"],
    ["a ??", "q at 3: expected at least one letter beside '*' and '?'"],
    ["severity:loud", "q at 10: 'loud' is no severity; use one of TRACE, DEBUG"],
    ["severity:(error OR loud)", "q at 20: 'loud' is no severity"],
    ["severity:w*", "q at 10: severity has no wildcards"],
    ["severity~err", "q at 10: severity takes no regular expression"],
    ["timestamp>soon", "q at 11: 'soon' is no time"],
    ["timestamp:2026*", "q at 11: timestamp has no wildcards"],
    ["id:x", "q at 4: 'x' is no id"],
    ["n:[1 5]", "q at 5: expected TO"],
    ["n:[1 TO 5", "q at 10: expected ']' or '}'"],
    ["path:/api/v1", "q at 11: expected a blank or the flag i behind the regular expression"],
    ["/var/log/x", "q at 6: expected a blank or the flag i"],
    ["/var", "q at 1: the regular expression is never closed"],
    ["http://x", "q at 8: expected a blank or the flag i behind the regular expression"],
    ["x://", "q at 4: the regular expression is empty"],
    ["x /a(b/", "q at 5: the group is never closed"],
    ["x message~a{5,2}", "q at 12: the counts are in the wrong order"],
  ])("%j", (q, message) => {
    expect(() => parseQuery(q)).toThrow(expect.objectContaining({ code: "invalid_query", field: "q" }));
    expect(() => parseQuery(q)).toThrow(message);
  });

  test("what is too long or too deep", () => {
    expect(() => parseQuery("a".repeat(MAX_QUERY_CHARACTERS))).not.toThrow();
    expect(() => parseQuery("a".repeat(MAX_QUERY_CHARACTERS + 1))).toThrow("q at 10001: q is longer than 10000 characters");
    const nested = (open: string, close: string, levels: number) => `${open.repeat(levels)}a${close.repeat(levels)}`;
    for (const [open, close] of [
      ["(", ")"],
      ["-", ""],
      ["NOT ", ""],
      ["x:(", ")"],
    ] as const) {
      if (open !== "x:(") expect(() => parseQuery(nested(open, close, MAX_QUERY_DEPTH))).not.toThrow();
      expect(() => parseQuery(nested(open, close, 2000))).toThrow(LogctlError);
    }
    expect(() => parseQuery(`/${nested("(", ")", 4000)}/`)).toThrow("groups are nested more than 64 levels deep");
  });
});

describe("whatever is sent", () => {
  const token = fc.constantFrom(
    ...[
      "a",
      "b*",
      "?",
      '"',
      '"x y"',
      "\\",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "-",
      "!",
      "AND",
      "OR",
      "NOT",
      "TO",
      " ",
      " ",
      "&&",
      "||",
      "|",
    ],
    ...[
      ":",
      "=",
      "!=",
      ">",
      "<=",
      "~",
      "/",
      "i",
      "severity",
      "service",
      "timestamp",
      "id",
      "error",
      "5",
      "*",
      "+",
      ".",
      "^",
      "$",
      "\n",
      "é",
      "😀",
      "\ud83d",
      "\u0000",
    ],
  );
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.array(token, { maxLength: 25 }).map((parts) => parts.join("")),
  );

  test("is a query that can be printed and read again, or refused as invalid_query with a position", () => {
    let read = 0;
    fc.assert(
      fc.property(anything, (q) => {
        let query: Query;
        try {
          query = parseQuery(q);
        } catch (error) {
          expect(error).toBeInstanceOf(LogctlError);
          expect((error as LogctlError).code).toBe("invalid_query");
          expect((error as LogctlError).message).toMatch(/^q (?:is blank|at \d+: )/);
          expect(Number(/\d+/.exec((error as LogctlError).message)?.[0] ?? 0)).toBeLessThanOrEqual(q.length + 1);
          return;
        }
        read += 1;
        const printed = printQuery(query);
        expect(printQuery(parseQuery(printed))).toBe(printed);
      }),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(2000);
  });
});
