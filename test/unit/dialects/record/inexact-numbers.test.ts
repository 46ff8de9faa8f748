import { expect, test } from "bun:test";
import { isInexact } from "../../../../src/dialects/record/inexact-numbers.ts";

test("isInexact begins where neighbouring whole numbers fall together", () => {
  expect(isInexact(2 ** 53 - 1)).toBe(false);
  expect(isInexact(2 ** 53)).toBe(true);
  expect(isInexact(-(2 ** 53))).toBe(true);
  expect(isInexact(0.1)).toBe(false);
});
