import { describe, expect, test } from "bun:test";
import { parseDuration } from "../../../../src/commands/options/parse-duration.ts";
import { parseSize } from "../../../../src/commands/options/parse-size.ts";

describe("a size", () => {
  test.each([
    ["500MB", 500_000_000],
    ["10GB", 10_000_000_000],
    ["10 gb", 10_000_000_000],
    ["1.5GB", 1_500_000_000],
    ["512MiB", 512 * 1024 ** 2],
    ["10GiB", 10 * 1024 ** 3],
    ["2TB", 2e12],
    ["20000kb", 20_000_000],
  ])("%s is read", (text, bytes) => {
    expect(parseSize("--max-size", text, 10_000_000)).toBe(bytes);
  });

  test.each(["", "10", "GB", "-1GB", "10XB", "10GBs", "1e3GB", "ten GB", "1,5GB", "Infinity", "10 G B"])(
    "'%s' is none",
    (text) => {
      expect(() => parseSize("--max-size", text, 10)).toThrow(
        `--max-size '${text}' is no size; write it as 500MB, 10GB or 10GiB`,
      );
    },
  );

  test.each(["9MB", "0GB", "999999999999999TB"])("'%s' is out of range", (text) => {
    expect(() => parseSize("--max-size", text, 10_000_000)).toThrow("is out of range; 10MB is the least");
  });
});

describe("a duration", () => {
  test.each([
    ["30m", 1_800_000],
    ["12h", 43_200_000],
    ["30d", 2_592_000_000],
    ["8w", 4_838_400_000],
  ])("%s is read", (text, ms) => {
    expect(parseDuration("--retain", text)).toBe(ms);
  });

  test.each(["", "0d", "30", "d", "-1d", "1y", "30 d", "1.5d", "123456d"])("'%s' is none", (text) => {
    expect(() => parseDuration("--retain", text)).toThrow(`--retain '${text}' is no duration; write it as 12h, 90d or 4w`);
  });
});
