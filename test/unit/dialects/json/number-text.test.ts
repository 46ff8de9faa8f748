import { expect, test } from "bun:test";
import fc from "fast-check";
import { endOfNumber, isStringified } from "../../../../src/dialects/json/number-text.ts";

const digits = fc.stringMatching(/^[0-9]{0,6}$/);
const numberText = fc.oneof(
  fc
    .tuple(fc.constantFrom("", "-", "+"), digits, fc.constantFrom("", "."), digits, fc.constantFrom("", "", "e1", "E5", "e-7"))
    .map((parts) => parts.join("")),
  fc.constantFrom("0", "-0", "00", "0.0", "1.50", "0.000001", "0.0000001", "-0.5", "1e21", "1e+21", "1e400", ""),
  fc.constantFrom("9007199254740991", "9007199254740992", "123456789012345", "1234567890123456", "0.1234567890123456"),
  fc.maxSafeInteger().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

test("a number's text is as JSON.stringify writes it, or it is not", () => {
  fc.assert(
    fc.property(numberText, fc.constantFrom("", ",", "}", " "), (text, behind) => {
      const bytes = new TextEncoder().encode(`"${text}${behind}`);
      const end = endOfNumber(bytes, 1, bytes.length);
      const sent = new TextDecoder().decode(bytes.subarray(1, end));
      const value = Number(sent);
      expect(isStringified(bytes, 1, end)).toBe(String(value) === sent && Math.abs(value) <= Number.MAX_SAFE_INTEGER);
      if (end === bytes.length - behind.length) expect(sent).toBe(text);
    }),
    { numRuns: 5000 },
  );
});
