import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseExactJson } from "../../../src/schema/exact-json.ts";

test.each([
  "12345678901234567890",
  "-12345678901234567890.0",
  "1.10",
  "-0",
  "1e400",
  "0.1E+1",
  "[1,2.50,null,true]",
  '{"a":{"b":[1.0]},"c":"1.0"}',
])("%s is written again as it was", (text) => {
  expect(JSON.stringify(parseExactJson(text))).toBe(text);
});

test("other values are what JSON.parse makes of them", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(parseExactJson(text))).toBe(text);
    }),
  );
  expect(parseExactJson('{"a":1,"b":"x"}')).toEqual({ a: 1, b: "x" });
});

test("a member called __proto__ is a member, not a prototype", () => {
  const value = parseExactJson('{"__proto__":{"polluted":1.0}}') as object;
  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1.0}}');
  expect("polluted" in {}).toBe(false);
});

test.each(["", "{", "01", "1.", "{'a':1}", "[1,]", "NaN"])("%j is refused as JSON.parse refuses it", (text) => {
  expect(() => parseExactJson(text)).toThrow(SyntaxError);
});
