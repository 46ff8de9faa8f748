import { describe, expect, test } from "bun:test";
import { ERROR_CODES, ERRORS, isErrorCode, LogctlError, statusOf } from "../../src/errors.ts";

describe("error codes", () => {
  test("are each known to both edges, with a status and an exit code that say failure", () => {
    for (const code of ERROR_CODES) {
      const status = statusOf(code) ?? 500;
      expect([code, status >= 400 && status < 600]).toEqual([code, true]);
      expect([code, [1, 2, 3, 4, 5, 130]]).toEqual([code, expect.arrayContaining([ERRORS[code].exit])]);
    }
  });

  test("are told from other words", () => {
    expect(isErrorCode("unauthorized")).toBe(true);
    for (const other of ["constructor", "", "UNAUTHORIZED", 401, undefined]) expect(isErrorCode(other)).toBe(false);
  });
});

test("a LogctlError carries its code and details, and its cause only where it has one", () => {
  const cause = new Error("behind it");
  const error = new LogctlError("overloaded", "too much", { field: "q", retryAfterS: 2, cause });
  expect(error).toMatchObject({ code: "overloaded", message: "too much", field: "q", retryAfterS: 2, cause });
  expect("cause" in new LogctlError("usage", "bad")).toBe(false);
});
