import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../../src/errors.ts";
import { parseTerms } from "../../../src/query/parse-terms.ts";

describe("parseTerms", () => {
  test.each([
    ["timeout", ["timeout"]],
    ["  two\twords\n", ["two", "words"]],
    ['"timed out"', ["timed out"]],
    ['gateway "timed out" 504', ["gateway", "timed out", "504"]],
    ['"say \\"hi\\""', ['say "hi"']],
    ['"C:\\\\temp" C:\\temp', ["C:\\temp", "C:\\temp"]],
    ['"a\\nb"', ["a\\nb"]],
    ['it"s', ['it"s']],
    ['"a""b"', ["a", "b"]],
    ["path:/api/v1 -x", ["path:/api/v1", "-x"]],
    ["naïve 東京 😀", ["naïve", "東京", "😀"]],
  ])("reads %s", (q, terms) => {
    expect(parseTerms(q)).toEqual(terms);
  });

  test.each([
    ["", "blank"],
    [" \t", "blank"],
    ['"open', "position 1 is never closed"],
    ['a "b', "position 3 is never closed"],
    ['a "b\\"', "position 3 is never closed"],
    ['x ""', "position 3 is blank"],
    ['" "', "position 1 is blank"],
  ])("refuses %j and says where", (q, message) => {
    expect(() => parseTerms(q)).toThrow(message);
    expect(() => parseTerms(q)).toThrow(LogctlError);
  });
});
