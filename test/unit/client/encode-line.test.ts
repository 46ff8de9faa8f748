import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeLine, encodeMessage, type RecordDefaults } from "../../../src/client/encode-line.ts";
import { parseExactJson } from "../../../src/schema/exact-json.ts";

const NONE: RecordDefaults = { attributes: new Map() };
const ALL: RecordDefaults = {
  service: "api",
  severity: "WARN",
  timestamp: "2026-11-24T10:00:00Z",
  attributes: new Map([["host", '"web-1"']]),
};

const lineOf = (text: string) => ({ text, invalidUtf8: false, cut: false });
const encode = (text: string, defaults = NONE) => encodeLine(lineOf(text), defaults);
const parsed = (text: string, defaults = NONE) => JSON.parse(encode(text, defaults) as string);

describe("encodeMessage", () => {
  test("writes the message and what was given for the other fields", () => {
    expect(encodeMessage('say "hi"\n', NONE)).toBe('{"message":"say \\"hi\\"\\n"}');
    expect(JSON.parse(encodeMessage("m", ALL))).toEqual({
      message: "m",
      service: "api",
      severity: "WARN",
      timestamp: "2026-11-24T10:00:00Z",
      attributes: { host: "web-1" },
    });
  });

  test("keeps the digits of an attribute's number", () => {
    const attributes = new Map([["n", "12345678901234567890"]]);
    expect(encodeMessage("m", { attributes })).toBe('{"message":"m","attributes":{"n":12345678901234567890}}');
  });
});

describe("encodeLine", () => {
  test("skips blank lines", () => {
    expect(encode("")).toBeUndefined();
    expect(encode(" \t")).toBeUndefined();
  });

  test.each([
    "disk is full",
    "  at main (app.js:1)",
    '{"message":"broken"',
    '{"level":"info","text":"no message"}',
    "[1,2]",
    "42",
    '"text"',
    "null",
    '[{"message":"in an array"}]',
  ])("takes %s for a message", (text) => {
    expect(parsed(text)).toEqual({ message: text });
  });

  test.each([
    '{"message":"m"}',
    ' {"msg":"m","level":30,"n":1.0e2} ',
    '{"message":null}',
    '{"message":"a","message":"b","__proto__":{"x":1}}',
  ])("leaves the record %s as it is", (text) => {
    expect(encode(text)).toBe(text.trim());
  });

  test("fills in what a record lacks", () => {
    expect(parsed('{"message":"m"}', ALL)).toEqual(JSON.parse(encodeMessage("m", ALL)));
    expect(parsed('{"message":"m","service":null}', ALL).service).toBe("api");
  });

  test("overrules nothing that a record has, under whatever name", () => {
    const own = {
      msg: "m",
      service: "db",
      "log.level": "fatal",
      ts: 1_700_000_000,
      host: "own",
    };
    expect(parsed(JSON.stringify(own), ALL)).toEqual(own);
    expect(parsed('{"msg":"m","level":30,"time":"2026-01-01"}', ALL)).toEqual({
      msg: "m",
      level: 30,
      time: "2026-01-01",
      service: "api",
      attributes: { host: "web-1" },
    });
    // What cannot be read under another name is no severity and no time.
    expect(parsed('{"msg":"m","level":{"x":1},"time":"12 ms"}', ALL)).toMatchObject({
      severity: "WARN",
      timestamp: "2026-11-24T10:00:00Z",
    });
  });

  test("adds attributes to those a record has, whose numbers keep their digits", () => {
    const text = '{"message":"m","n":2e400,"attributes":{"id":12345678901234567890,"f":1.0,"z":-0,"host":"own"}}';
    const defaults = { attributes: new Map([...ALL.attributes, ["zone", "10000000000000000001"]]) };
    expect(encode(text, defaults)).toBe(`${text.slice(0, -2)},"zone":10000000000000000001}}`);
    expect(parsed('{"message":"m","attributes":"text"}', defaults)).toMatchObject({ attributes: "text", host: "web-1" });
    expect(parsed('{"message":"m","attributes":null}', ALL).attributes).toEqual({ host: "web-1" });
  });

  test("passes on a name that occurs twice as it is, and what is nested however deep", () => {
    const twice =
      '{"message":"m","a":1,"a":2,"attributes":{"k":1,"k":{"attributes":{}}},"message":"n","list":["attributes",{"x":0}]}';
    expect(encode(twice, NONE)).toBe(twice);
    expect(encode(twice, { attributes: ALL.attributes })).toBe(twice.replace('{}}},"message"', '{}},"host":"web-1"},"message"'));
    const deep = `{"message":"m","attributes":{"deep":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`;
    expect(encode(deep, { attributes: ALL.attributes })).toBe(`${deep.slice(0, -2)},"host":"web-1"}}`);
    expect(encode('{"message":"m","\\u0061ttributes" : { } }', { attributes: ALL.attributes })).toBe(
      '{"message":"m","\\u0061ttributes" : { "host":"web-1"} }',
    );
  });

  test("marks a line whose bytes were no UTF-8", () => {
    const defaults = { attributes: new Map([["a", "1"]]) };
    const line = { text: "\ufffd", invalidUtf8: true, cut: false };
    expect(JSON.parse(encodeLine(line, defaults) as string).attributes).toEqual({ a: 1, invalid_utf8: true });
    const record = { text: '{"message":"\ufffd"}', invalidUtf8: true, cut: false };
    expect(JSON.parse(encodeLine(record, NONE) as string).attributes).toEqual({ invalid_utf8: true });
  });

  test("does not take the start of a cut line for a record", () => {
    const text = '{"message":"m"}';
    expect(JSON.parse(encodeLine({ text, invalidUtf8: false, cut: true }, NONE) as string)).toEqual({ message: text });
  });

  test("keeps what any record means, number by number, and puts it on one line", () => {
    const number = fc
      .tuple(fc.constantFrom("", "-"), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.constantFrom("", ".0", ".10", "e5", "E-400"))
      .map(([sign, digits, rest]) => `${sign}${digits}${rest}`);
    const value: fc.Arbitrary<string> = fc.oneof(
      number,
      fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text)),
      fc.array(number, { maxLength: 3 }).map((items) => `[${items.join(" ,")}]`),
      fc.constantFrom("true", "null", "{}", '{"a":{"b":[]}}'),
    );
    const key = fc.oneof(fc.string(), fc.constantFrom("attributes", "level", "time", "service", "host", "__proto__"));
    const members = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 8 });
    const objectText = (entries: [string, string][]) =>
      `{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
    fc.assert(
      fc.property(members, members, fc.constantFrom(NONE, ALL), (fields, nested, defaults) => {
        const own = fields.filter(([name]) => name !== "message" && name !== "attributes");
        const text = objectText([["message", '"m"'], ...own, ["attributes", objectText(nested)]]);
        const encoded = encode(text, defaults) as string;
        expect(encoded).not.toContain("\n");
        const before = Object.entries(parseExactJson(text) as Record<string, unknown>);
        const after = new Map(Object.entries(parseExactJson(encoded) as Record<string, unknown>));
        for (const [name, kept] of before) {
          if (name === "attributes" || kept === null) continue;
          expect(JSON.stringify(after.get(name))).toBe(JSON.stringify(kept));
        }
        const keptAttributes = new Map(Object.entries(after.get("attributes") as Record<string, unknown>));
        const sent = Object.entries((parseExactJson(text) as { attributes: Record<string, unknown> }).attributes);
        for (const [name, kept] of sent) expect(JSON.stringify(keptAttributes.get(name))).toBe(JSON.stringify(kept));
      }),
      { numRuns: 500 },
    );
  });
});
