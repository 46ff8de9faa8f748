import { describe, expect, test } from "bun:test";
import { constants, zstdCompressSync } from "node:zlib";
import { isWholeZstd } from "../../../src/server/zstd-frames.ts";

const random = crypto.getRandomValues(new Uint8Array(60_000));
const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i} ${i * 7919}\n`).join(""));
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

const FRAMES: [string, Uint8Array][] = [
  ["of text", Bun.zstdCompressSync(text)],
  ["of random bytes", Bun.zstdCompressSync(random)],
  ["of one byte repeated", Bun.zstdCompressSync(new Uint8Array(1_000_000).fill(120))],
  ["of nothing", Bun.zstdCompressSync(new Uint8Array(0))],
  ["of one byte", Bun.zstdCompressSync(new Uint8Array([7]))],
  ["with a checksum", zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ["without its content's size", zstdCompressSync(text, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })],
  ["after another", Buffer.concat([Bun.zstdCompressSync(text), Bun.zstdCompressSync(random)])],
  ["after a skippable one", Buffer.concat([skippable, Bun.zstdCompressSync(text)])],
];

describe("isWholeZstd", () => {
  test.each(FRAMES)("is true of a frame %s", (_what, frame) => {
    expect(isWholeZstd(frame)).toBe(true);
  });

  test.each(FRAMES)("is false of any part of a frame %s, and of more than it", (_what, frame) => {
    for (const cut of [1, 2, 3, 4, 5, Math.floor(frame.length / 3), frame.length - 1]) {
      if (cut < frame.length) expect([cut, isWholeZstd(frame.subarray(0, -cut))]).toEqual([cut, false]);
    }
    expect(isWholeZstd(Buffer.concat([frame, new Uint8Array([1])]))).toBe(false);
    expect(isWholeZstd(Buffer.concat([frame, new Uint8Array(20)]))).toBe(false);
  });

  test.each(["", "{}", '{"message":"no zstd at all"}'])("is false of %j", (other) => {
    expect(isWholeZstd(Buffer.from(other))).toBe(false);
  });
});
