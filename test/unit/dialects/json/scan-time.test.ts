import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createTimeScanner } from "../../../../src/dialects/json/scan-time.ts";
import { readTimestamp, type Timestamp } from "../../../../src/schema/timestamp.ts";

const scanTime = createTimeScanner();

/** What a text is read as, from its bytes and as text. */
function readBoth(text: string): (Timestamp | false)[] {
  const [scanned, read] = [
    { ms: 0, nanos: 0, digits: 0 },
    { ms: 0, nanos: 0, digits: 0 },
  ];
  const bytes = new TextEncoder().encode(`"${text}"`);
  return [scanTime(bytes, 1, bytes.length - 1, scanned) && scanned, readTimestamp(text, read) && read];
}

const part = (...usual: number[]) =>
  fc
    .oneof({ weight: 20, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.nat({ max: 99 }) })
    .map((value) => String(value).padStart(2, "0"));
const time = fc
  .tuple(
    fc.constantFrom("2026-", "2024-", "2000-", "1900-", "0000-", "9999-"),
    part(1, 2, 3, 12).map((month) => `${month}-`),
    part(1, 28, 29, 30, 31),
    fc.constantFrom("T", "T", "T", "t", " "),
    part(0, 23, 23, 24),
    part(0, 0, 59).map((minute) => `:${minute}:`),
    part(0, 59, 60, 61),
    fc.oneof(fc.constantFrom("", ".", ",5", ".x"), fc.stringMatching(/^[.][0-9]{1,11}$/)),
    fc.constantFrom("Z", "Z", "Z", "z", "", "+01:30", "-0000", "Q"),
  )
  .map((parts) => parts.join(""));

describe("a time scanned from bytes", () => {
  test("is the one that its text is read as", () => {
    let times = 0;
    fc.assert(
      fc.property(time, (text) => {
        const [scanned, read] = readBoth(text);
        expect(scanned).toEqual(read);
        if (read !== false) times += 1;
      }),
      { numRuns: 10_000 },
    );
    expect(times).toBeGreaterThan(500);
  });

  test.each<[string, Timestamp | false]>([
    ["2026-11-24T10:00:00Z", { ms: Date.UTC(2026, 10, 24, 10), nanos: 0, digits: 0 }],
    ["2026-11-24T10:00:00.5Z", { ms: Date.UTC(2026, 10, 24, 10, 0, 0, 500), nanos: 0, digits: 1 }],
    ["2026-11-24T10:00:00.123456789Z", { ms: Date.UTC(2026, 10, 24, 10, 0, 0, 123), nanos: 456_789, digits: 9 }],
    ["2026-11-24T24:30:00Z", false],
    ["2026-02-29T10:00:00Z", false],
  ])("of %s", (text, expected) => {
    expect(readBoth(text)).toEqual([expected, expected]);
  });
});
