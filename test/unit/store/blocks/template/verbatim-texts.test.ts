import { describe, expect, test } from "bun:test";
import { createTextBuffer, takeBytes } from "../../../../../src/memory/text-buffer.ts";
import { unpackBytes } from "../../../../../src/store/blocks/bytes/pack-bytes.ts";
import { createHashSet } from "../../../../../src/store/blocks/index/bloom.ts";
import { createGramSet, GRAMS } from "../../../../../src/store/blocks/index/gram-filter.ts";
import { openTexts, writeTexts } from "../../../../../src/store/blocks/template/verbatim-texts.ts";

/** The number of a part's pages is kept in a byte. */
const PAGES_A_PART = 256;

function write(lines: string[]) {
  const offsets = new Uint32Array(lines.length + 1);
  for (const [index, line] of lines.entries()) offsets[index + 1] = (offsets[index] as number) + Buffer.byteLength(line);
  const utf8 = new Uint8Array(Buffer.from(lines.join("")));
  return writeTexts(utf8, offsets, [...lines.keys()], false, createHashSet(), createGramSet(GRAMS.all));
}

describe("texts kept as they are", () => {
  test("come back one by one, from as many pages as they take", () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} é ${"x".repeat(index % 200)}`);
    const { index, pages } = write(lines);
    expect(pages.length).toBeGreaterThan(3);
    const texts = openTexts(
      index,
      (page) => unpackBytes(pages[page] as Uint8Array),
      () => new Uint8Array(),
    );
    for (const row of [0, 2999, 700, 1500, 1499, 2400, 3]) {
      const buffer = createTextBuffer();
      texts.put(row, false, buffer);
      expect(new TextDecoder().decode(takeBytes(buffer))).toBe(lines[row] as string);
    }
  });

  test("lie on no more pages than a part can have, however much there is", () => {
    const long = "y".repeat(100_000);
    const lines = Array.from({ length: 400 }, (_, index) => `${index}${index % 3 === 0 ? "" : long}`);
    expect(write(lines).pages.length).toBeLessThan(PAGES_A_PART);
  });
});
