import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { foldCase } from "../../../../../src/store/blocks/index/words.ts";
import { findTexts } from "../../../../../src/store/blocks/match/find-texts.ts";

const letters = fc.constantFrom(
  "a",
  "B",
  "i",
  "k",
  "K",
  "S",
  ".",
  "(",
  "\u212a",
  "İ",
  "ı",
  "ſ",
  "É",
  "é",
  "ß",
  "東",
  "😀",
  "ς",
  "Σ",
);
const texts = fc.array(fc.string({ unit: letters, maxLength: 8 }), { minLength: 1, maxLength: 8 });

function pageOf(lines: string[]) {
  const offsets = new Uint32Array(lines.length + 1);
  for (const [index, line] of lines.entries()) offsets[index + 1] = (offsets[index] as number) + Buffer.byteLength(line);
  return { utf8: Buffer.from(lines.join("")), offsets };
}

function find(text: string, folded: boolean, lines: string[]): [number, string][] {
  const found: [number, string][] = [];
  const needle = { text, folded, wholeStart: false, wholeEnd: false };
  findTexts(needle, pageOf(lines), (index, line) => found.push([index, line]));
  return found;
}

describe("a search of a page of texts", () => {
  test("takes each text that has the needle once, in any case or as it is written, and no other", () => {
    fc.assert(
      fc.property(texts, fc.string({ unit: letters, minLength: 1, maxLength: 3 }), fc.boolean(), (lines, wanted, folded) => {
        const needle = folded ? foldCase(wanted) : wanted;
        const has = (line: string) => (folded ? foldCase(line) : line).includes(needle);
        expect(find(needle, folded, lines)).toEqual([...lines.entries()].filter(([, line]) => has(line)));
      }),
      { numRuns: 2000 },
    );
  });

  test("finds nothing that begins in one text and ends in the next", () => {
    expect(find("ab", true, ["xA", "b", "", "AB"])).toEqual([[3, "AB"]]);
    expect(find("é.", false, ["é", ".é."])).toEqual([[1, ".é."]]);
  });
});
