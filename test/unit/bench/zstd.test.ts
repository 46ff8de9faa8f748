import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { compressWithZstd } from "../../bench/zstd.ts";

const folder = mkdtempSync(join(tmpdir(), "logctl-zstd-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the yardstick for size", () => {
  const path = join(folder, "lines");
  const lines = Array.from({ length: 2000 }, (_, i) => `line ${i}: ${Bun.hash(String(i)).toString(36)}\n`).join("");
  writeFileSync(path, lines);

  test("is what zstd makes of a record, about as small as of the whole at once", async () => {
    const { bytesPerRecord, sampleBytes, ofBytes } = await compressWithZstd(path, false);
    expect([sampleBytes, ofBytes]).toEqual([lines.length, lines.length]);
    expect(bytesPerRecord * 2000).toBeWithin(lines.length / 4, zstdCompressSync(lines).length * 1.01);
  });

  test("is taken of the beginning of a large file, by the records in it, or of all of it when asked for", async () => {
    const sample = await compressWithZstd(path, false, 20_000);
    expect([sample.sampleBytes, sample.ofBytes]).toEqual([20_000, lines.length]);
    const all = await compressWithZstd(path, true, 20_000);
    expect(all.sampleBytes).toBe(lines.length);
    expect(sample.bytesPerRecord / all.bytesPerRecord).toBeWithin(0.9, 1.1);
  });
});
