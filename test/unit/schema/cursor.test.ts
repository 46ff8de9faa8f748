import { describe, expect, test } from "bun:test";
import { readCursor, writeCursor } from "../../../src/schema/cursor.ts";

describe("a cursor", () => {
  test.each([
    ["received_at", { id: 17, ms: 0, nanos: 0 }],
    ["timestamp", { id: 17, ms: 1_763_978_400_123, nanos: 456_789 }],
    ["timestamp", { id: 1, ms: -62_135_596_800_000, nanos: 0 }],
  ] as const)("by %s stands for the position it was written for", (sort, position) => {
    expect(readCursor(writeCursor(position, sort), sort)).toEqual(position);
  });

  test.each([
    ["received_at", "t1.0.1"],
    ["timestamp", "r1"],
    ["received_at", "r-1"],
    ["received_at", ""],
    ["received_at", "r1 OR 1=1"],
    ["timestamp", "t1.1"],
  ] as const)("by %s is not %j", (sort, text) => {
    expect(() => readCursor(text, sort)).toThrow("cursor:");
  });
});
