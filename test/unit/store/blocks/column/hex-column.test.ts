import { describe, expect, test } from "bun:test";
import { createByteReader } from "../../../../../src/store/blocks/bytes/byte-reader.ts";
import { createByteWriter } from "../../../../../src/store/blocks/bytes/byte-writer.ts";
import { readHex, writeHex } from "../../../../../src/store/blocks/column/hex-column.ts";

const DIGITS = Array.from({ length: 57 }, (_, i) => i + 8);

/** Digits that follow from `seed`, the sixth of each text always the same. */
function textsOf(digits: number, count: number, seed: (index: number) => number): string[] {
  return Array.from({ length: count }, (_, index) => {
    let text = "";
    for (let digit = 0; digit < digits; digit += 1) {
      const mixed = Math.imul(seed(index) * 64 + digit + 1, 0x9e3779b1);
      text += digit === 5 ? "e" : ((mixed ^ (mixed >>> 15)) & 15).toString(16);
    }
    return text;
  });
}

function writeAndRead(texts: string[], written: string[], digits: number): string[] {
  const utf8 = new TextEncoder().encode(`[${written.join("|")}`);
  let at = 1;
  const starts = written.map((text) => {
    const start = at;
    at += text.length + 1;
    return start;
  });
  const out = createByteWriter();
  writeHex(utf8, starts, texts.length, digits, out);
  const { texts: distinct, places } = readHex(createByteReader(out.copyFrom(0)), texts.length, digits, (_, make) => make().value);
  const one = new Uint8Array(digits);
  return texts.map((_, index) => {
    distinct.copyDigits(places.at(index), one, 0);
    return new TextDecoder().decode(one);
  });
}

describe("a column of hexadecimal texts", () => {
  test.each(DIGITS)("gives back texts of %d digits, be each new or not", (digits) => {
    for (const seed of [(index: number) => index, (index: number) => index % 7]) {
      for (const count of [1, 2, 601]) {
        const texts = textsOf(digits, count, seed);
        expect(writeAndRead(texts, texts, digits)).toEqual(texts);
      }
    }
  });

  test("leaves the dashes of UUIDs out", () => {
    const texts = textsOf(32, 601, (index) => index);
    const dashed = texts.map((text) => text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
    expect(dashed[0]).toHaveLength(36);
    expect(writeAndRead(texts, dashed, 32)).toEqual(texts);
  });
});
