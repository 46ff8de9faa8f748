import { describe, expect, test } from "bun:test";
import { constants, zstdCompressSync } from "node:zlib";
import { isWholeZstd } from "../../../../src/server/ingest/zstd-frames.ts";

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
  test.each(FRAMES)("is true of a frame %s", async (_what, frame) => {
    expect(await isWholeZstd(frame)).toBe(true);
  });

  test.each(FRAMES)("is false of any part of a frame %s, and of more than it", async (_what, frame) => {
    for (const cut of [1, 2, 3, 4, 5, Math.floor(frame.length / 3), frame.length - 1]) {
      if (cut < frame.length) expect([cut, await isWholeZstd(frame.subarray(0, -cut))]).toEqual([cut, false]);
    }
    expect(await isWholeZstd(Buffer.concat([frame, new Uint8Array([1])]))).toBe(false);
    expect(await isWholeZstd(Buffer.concat([frame, new Uint8Array(20)]))).toBe(false);
  });

  test.each(["", "{}", '{"message":"no zstd at all"}'])("is false of %j", async (other) => {
    expect(await isWholeZstd(Buffer.from(other))).toBe(false);
  });

  test("lets others have their turn where there are very many frames", async () => {
    const order: string[] = [];
    const frames = new Uint8Array(8 * 250_000);
    for (let at = 0; at < frames.length; at += 8) frames.set(skippable.subarray(0, 4), at);
    const looking = isWholeZstd(frames).then((isWhole) => order.push(`whole: ${isWhole}`));
    setImmediate(() => order.push("other"));
    await looking;
    expect(order).toEqual(["other", "whole: true"]);
  });
});
