import { describe, expect, test } from "bun:test";
import { freeBytes } from "../../../src/memory/free-bytes.ts";

describe("memory given back", () => {
  test("is that of bytes which are all of their buffer", () => {
    for (const bytes of [
      new Uint8Array(100_000),
      new Float64Array(10_000),
      Bun.zstdCompressSync(crypto.getRandomValues(new Uint8Array(50_000))),
    ]) {
      freeBytes(bytes);
      expect([bytes.byteLength, (bytes.buffer as ArrayBuffer).detached]).toEqual([0, true]);
    }
  });

  test("is none that others may have a part of", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100_000));
    const part = new Uint8Array(100_000).subarray(0, 50_000);
    const [pooled, little] = [Buffer.from("x".repeat(1000)), new Uint8Array(1000)];
    for (const bytes of [shared, part, pooled, little]) {
      const { byteLength } = bytes;
      freeBytes(bytes);
      expect(bytes.byteLength).toBe(byteLength);
    }
  });

  test("is there to be had again at once", () => {
    const packed = Bun.zstdCompressSync(new Uint8Array(1_000_000));
    const times = 300;
    const before = process.resourceUsage().minorPageFault;
    for (let left = times; left > 0; left -= 1) freeBytes(Bun.zstdDecompressSync(packed));
    // Memory that was never touched is 244 pages a time.
    expect(process.resourceUsage().minorPageFault - before).toBeLessThan(times * 5);
  });
});
