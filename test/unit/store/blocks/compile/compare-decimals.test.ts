import { describe, expect, test } from "bun:test";
import { compareDecimals } from "../../../../../src/store/blocks/compile/compare-decimals.ts";
import { compileComparison } from "../../../../../src/store/blocks/compile/compare-scalar.ts";

const ASCENDING = [
  ...[
    "-1e400",
    "-18446744073709551616",
    "-18446744073709551615",
    "-1",
    "-1e-400",
    "0",
    "1e-400",
    "0.1",
    "0.10000000000000000001",
  ],
  ...["1", "9007199254740992", "9007199254740993", "9007199254740993.5", "1764567890123456788", "1764567890123456789"],
  ...["18446744073709551615", "1e400", "10.1e399", "2e400"],
];

describe("decimal numbers", () => {
  test("are compared to the last digit, of any size and sign", () => {
    for (const [i, a] of ASCENDING.entries()) {
      for (const [j, b] of ASCENDING.entries()) {
        expect([a, b, Math.sign(compareDecimals(a, b))]).toEqual([a, b, Math.sign(i - j)]);
      }
    }
  });

  test("are the same in whatever way they are written", () => {
    for (const text of ["10000000000000000", "1e16", "1E+16", "0.1e17", "10000000000000000.00", "100e14"]) {
      expect([text, compareDecimals(text, "1e16")]).toEqual([text, 0]);
    }
    expect(compareDecimals("-0", "0.00")).toBe(0);
  });

  test("beyond 2^53 are kept as text, and found by their size; small ones in texts are texts", () => {
    const isSame = compileComparison("=", "10000000000000000");
    expect([isSame("1e16", true), isSame("10000000000000001", true), isSame("1e16 ", true)]).toEqual([true, false, false]);
    expect(compileComparison("=", "9007199254740992")("9007199254740993", true)).toBe(false);
    expect(compileComparison("=", "1.5")("1.50", true)).toBe(false);
    expect(compileComparison(">", "1764567890123456788")("1764567890123456789", true)).toBe(true);
    expect(compileComparison("<=", "1764567890123456788")("1764567890123456789", true)).toBe(false);
  });
});
