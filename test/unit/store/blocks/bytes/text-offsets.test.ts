import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { offsetsOf } from "../../../../../src/store/blocks/bytes/text-offsets.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The texts as they are cut out of their UTF-8, which starts at `shift` in its memory. */
function cut(texts: string[], shift: number): string[] {
  const encoded = encoder.encode(texts.join(""));
  const utf8 = new Uint8Array(encoded.length + shift).subarray(shift);
  utf8.set(encoded);
  const offsets = offsetsOf(
    utf8,
    Uint32Array.from(texts, (text) => text.length),
  );
  return texts.map((_, index) => decoder.decode(utf8.subarray(offsets[index], offsets[index + 1])));
}

describe("offsets of texts", () => {
  test("are where the texts start, whatever is in them and wherever they lie", () => {
    const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 10 }));
    fc.assert(
      fc.property(fc.array(text), fc.nat(7), (texts, shift) => {
        expect(cut(texts, shift)).toEqual(texts);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["no text", []],
    ["empty texts", ["", "", ""]],
    ["letters of every width", ["aé中😀", "ß", "€𝄞", "", "plain text of some length", "ü"]],
  ])("are right for %s", (_what, texts) => {
    expect(cut(texts, 1)).toEqual(texts);
  });

  test.each([
    ["short", [3, 2]],
    ["long", [3, 4]],
  ])("are refused where lengths are too %s", (_what, lengths) => {
    const utf8 = encoder.encode("añoüso");
    expect(offsetsOf(utf8, Uint32Array.of(3, 3))).toEqual(Uint32Array.of(0, 4, 8));
    expect(() => offsetsOf(utf8, Uint32Array.from(lengths))).toThrow("by their lengths");
  });
});
