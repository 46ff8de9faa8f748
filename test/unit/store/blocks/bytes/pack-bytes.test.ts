import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { packBytes, unpackBytes } from "../../../../../src/store/blocks/bytes/pack-bytes.ts";

describe("packed bytes", () => {
  test("unpack to what they were", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(unpackBytes(packBytes(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each([0, 1, 95, 96, 97, 1_000_000])("%d bytes that repeat unpack to what they were", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 3);
    expect(Buffer.compare(unpackBytes(packBytes(bytes)), bytes)).toBe(0);
  });

  test("what repeats takes less room, and what cannot shrink takes one byte more", () => {
    const repeating = new Uint8Array(100_000).fill(65);
    expect(packBytes(repeating).length).toBeLessThan(1000);
    const noise = crypto.getRandomValues(new Uint8Array(1000));
    expect(packBytes(noise)).toHaveLength(1001);
    const short = new Uint8Array(95).fill(65);
    expect(packBytes(short)).toHaveLength(96);
  });

  test("unpack from within a larger array, and leave what they were packed from alone", () => {
    const bytes = new Uint8Array(500).fill(7);
    const packed = packBytes(bytes);
    const larger = new Uint8Array(packed.length + 10).fill(255);
    larger.set(packed, 3);
    expect(unpackBytes(larger.subarray(3, 3 + packed.length))).toEqual(bytes);
    expect(bytes).toEqual(new Uint8Array(500).fill(7));
  });

  test("are refused where their packing is unknown", () => {
    expect(() => unpackBytes(Uint8Array.of(2, 0, 0))).toThrow("unknown packing 2");
  });
});
