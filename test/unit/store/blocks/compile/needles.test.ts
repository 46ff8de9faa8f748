import { expect, test } from "bun:test";
import fc from "fast-check";
import { createNeedles } from "../../../../../src/store/blocks/compile/needles.ts";

function findAll(texts: string[], text: string, start: number, end: number) {
  const found: [number, number][] = [];
  createNeedles(texts)?.some(text, start, end, (needle, at) => {
    found.push([needle, at]);
    return false;
  });
  return found.sort(([a, i], [b, j]) => a - b || i - j);
}

function findOneByOne(texts: string[], text: string, start: number, end: number) {
  return texts.flatMap((needle, index) => {
    const found: [number, number][] = [];
    for (let at = start; needle !== "" && at + needle.length <= end; at += 1) {
      if (text.startsWith(needle, at)) found.push([index, at]);
    }
    return found;
  });
}

test("finds each text wherever it occurs", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "\ud83d", "\udc00"), maxLength: 5 });
  const long = fc.string({ unit: fc.constantFrom("a", "b", "c", "d", "é", "\ud83d", "\udc00"), maxLength: 40 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 12 }), long, fc.nat(40), fc.nat(40), (texts, searched, a, b) => {
      const start = Math.min(a, b, searched.length);
      const end = Math.min(Math.max(a, b), searched.length);
      expect(findAll(texts, searched, start, end)).toEqual(findOneByOne(texts, searched, start, end));
    }),
    { numRuns: 2000 },
  );
});

test("looks no further once one is accepted", () => {
  let asked = 0;
  const accepts = () => {
    asked += 1;
    return asked === 2;
  };
  expect(createNeedles(["a"])?.some("aaaa", 0, 4, accepts)).toBe(true);
  expect(asked).toBe(2);
});

test("takes one pass, however many there are", () => {
  const text = "ab".repeat(500_000);
  const texts = Array.from({ length: 900 }, (_, index) => `${"ab".repeat(4)}c${index}`);
  expect(createNeedles(texts)?.some(text, 0, text.length, () => true)).toBe(false);
}, 2000);

test("makes no table of any size", () => {
  const texts = Array.from({ length: 4000 }, (_, index) => String.fromCharCode(0x4e00 + index, 0x5e00 + index));
  expect(createNeedles(texts)).toBeUndefined();
});
