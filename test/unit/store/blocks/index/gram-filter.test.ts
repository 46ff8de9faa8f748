import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createGramSet, filterMayHold, GRAMS, queryGrams } from "../../../../../src/store/blocks/index/gram-filter.ts";
import { foldCase } from "../../../../../src/store/blocks/index/words.ts";

const encoder = new TextEncoder();

function filterOf(kind: (typeof GRAMS)[keyof typeof GRAMS], ...texts: string[]): Uint8Array {
  const set = createGramSet(kind);
  for (const text of texts) set.add(encoder.encode(text));
  return set.build();
}

/** Letters near to one another, and those beyond ASCII that fold to it, or nearly do. */
const unit = fc.oneof(
  fc.constantFrom(...'abcdefghijkKsSiIxyz0189-_ .:"\\\n\u0000'.split("")),
  fc.constantFrom("\u212a", "İ", "ı", "ſ", "É", "ß", "東", "😀", "Σ"),
);
const text = fc.array(unit, { maxLength: 30 }).map((units) => units.join(""));

describe("a filter of grams", () => {
  test("holds every gram of each of its texts, in any case", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), fc.nat(), fc.nat(30), (texts, which, start) => {
        const [all, letters] = [filterOf(GRAMS.all, ...texts), filterOf(GRAMS.letters, ...texts)];
        const folded = foldCase(texts[which % Math.max(1, texts.length)] ?? "");
        const grams = queryGrams([folded.slice(start), folded]);
        expect([filterMayHold(all, grams.all), filterMayHold(letters, grams.letters)]).toEqual([true, true]);
      }),
      { numRuns: 2000 },
    );
  });

  test("tells what is not in its texts, though it is in all of them together", () => {
    const filter = filterOf(GRAMS.all, "connection refused", "reset by peer 4711");
    const holds = (needle: string) => filterMayHold(filter, queryGrams([needle]).all);
    expect(["connection", "ion ref", "by peer 471", "711", "co", "réé"].map(holds)).toEqual(Array(6).fill(true));
    expect(["reset connection", "tzalcoatl", "peer 4712", "refusedreset", "peer  4711"].map(holds)).toEqual(Array(5).fill(false));
    expect(filterMayHold(filterOf(GRAMS.all), queryGrams(["abc"]).all)).toBe(false);
  });

  test("asks of numbers and identifiers nothing where grams are of letters", () => {
    expect(queryGrams(["deadbeef 4711 a-b_c.d e f"]).letters).toEqual([]);
    expect(queryGrams(["deaf ear"]).letters).toEqual(queryGrams(["ear"]).all);
  });

  test("is about one bit in eight full, and never larger than it may be", () => {
    const random = Array.from({ length: 20_000 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 0).toString(36));
    const few = filterOf(GRAMS.all, ...random.slice(0, 300));
    const set = few.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
    expect(set / (few.length * 8)).toBeWithin(0.1, 0.13);
    expect(filterOf(GRAMS.all, ...random).length).toBe(8192);
  });

  test("forgets what it was built of", () => {
    const set = createGramSet(GRAMS.all);
    set.add(encoder.encode("connection"));
    set.build();
    set.add(encoder.encode("reset"));
    const filter = set.build();
    expect(["connection", "reset"].map((word) => filterMayHold(filter, queryGrams([word]).all))).toEqual([false, true]);
  });
});
