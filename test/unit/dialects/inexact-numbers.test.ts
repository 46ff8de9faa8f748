import { describe, expect, test } from "bun:test";
import { isInexact, quoteInexactNumbers } from "../../../src/dialects/inexact-numbers.ts";

describe("quoteInexactNumbers", () => {
  test.each([
    ['{"a":12345678901234567890}', '{"a":"12345678901234567890"}'],
    ['{"a":-12345678901234567890}', '{"a":"-12345678901234567890"}'],
    ['{"a":9007199254740991}', '{"a":9007199254740991}'],
    ['{"a":9007199254740993}', '{"a":"9007199254740993"}'],
    ['{"a":1e400,"b":-1E+400}', '{"a":"1e400","b":"-1E+400"}'],
    ["[1.5,12345678901234567890,2]", '[1.5,"12345678901234567890",2]'],
    ['{"a":"12345678901234567890"}', '{"a":"12345678901234567890"}'],
    ['{"a":"\\"12345678901234567890"}', '{"a":"\\"12345678901234567890"}'],
    ['{"a":"x\\\\","b":12345678901234567890}', '{"a":"x\\\\","b":"12345678901234567890"}'],
    ["", ""],
  ])("writes %s as %s", (json, quoted) => {
    expect(quoteInexactNumbers(json)).toBe(quoted);
  });

  test("a line with a quote too many does not spoil the next", () => {
    expect(quoteInexactNumbers('{"a":"open\n{"b":12345678901234567890}')).toBe('{"a":"open\n{"b":"12345678901234567890"}');
  });

  test("what is no JSON stays no JSON", () => {
    expect(() => JSON.parse(quoteInexactNumbers("{bad 12345678901234567890"))).toThrow();
  });
});

test("isInexact begins where neighbouring whole numbers fall together", () => {
  expect(isInexact(2 ** 53 - 1)).toBe(false);
  expect(isInexact(2 ** 53)).toBe(true);
  expect(isInexact(-(2 ** 53))).toBe(true);
  expect(isInexact(0.1)).toBe(false);
});
