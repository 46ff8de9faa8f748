import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bloomMayHold, bloomOfPage, buildBloom, createHashSet, joinBlooms } from "../../../../../src/store/blocks/index/bloom.ts";
import { wordHashes } from "../../../../../src/store/blocks/index/words.ts";

const hash = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));

function setOf(hashes: Iterable<number>) {
  const set = createHashSet();
  for (const value of hashes) set.add(value);
  return set;
}

function hashOf(word: string): number {
  const [value] = wordHashes(word);
  return value as number;
}

describe("a set of hashes", () => {
  test("holds each hash once, the hash 0 too", () => {
    fc.assert(
      fc.property(fc.array(hash), (hashes) => {
        const set = setOf([...hashes, ...hashes]);
        const held: number[] = [];
        set.forEach((value) => {
          held.push(value);
        });
        expect(held.sort((a, b) => a - b)).toEqual([...new Set(hashes)].sort((a, b) => a - b));
        expect(set.size()).toBe(held.length);
      }),
    );
  });

  test("grows, and is empty once it was cleared", () => {
    const set = setOf(Array.from({ length: 50_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0));
    expect(set.size()).toBe(50_000);
    set.clear();
    expect(set.size()).toBe(0);
    set.add(3);
    const held: number[] = [];
    set.forEach((value) => {
      held.push(value);
    });
    expect(held).toEqual([3]);
  });
});

describe("a Bloom filter", () => {
  test("never denies a word that it was built from", () => {
    fc.assert(
      fc.property(fc.uniqueArray(hash, { maxLength: 500 }), (hashes) => {
        const bits = buildBloom(setOf(hashes));
        for (const value of hashes) expect(bloomMayHold(bits, value)).toBe(true);
      }),
    );
  });

  test("never denies one of many thousand words, and lets few absent ones through", () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `word${i}`);
    const bits = buildBloom(setOf(words.map(hashOf)));
    expect(words.filter((word) => !bloomMayHold(bits, hashOf(word)))).toEqual([]);
    const absent = Array.from({ length: 10_000 }, (_, i) => `absent${i}`);
    const wronglyHeld = absent.filter((word) => bloomMayHold(bits, hashOf(word))).length;
    expect(wronglyHeld).toBeLessThan(500);
    // About ten bits a word.
    expect(bits.length).toBeLessThan(30_000);
  });

  test.each([1, 10, 300])("of %d words lets few of 10,000 absent ones through", (count) => {
    const bits = buildBloom(setOf(Array.from({ length: count }, (_, i) => hashOf(`request_${i}`))));
    const wronglyHeld = Array.from({ length: 10_000 }, (_, i) => `5f${i.toString(16)}`).filter((word) =>
      bloomMayHold(bits, hashOf(word)),
    ).length;
    expect(wronglyHeld).toBeLessThan(500);
  });

  test("of no word holds none", () => {
    const bits = buildBloom(createHashSet());
    expect(bits.length).toBeGreaterThan(0);
    for (const value of [0, 1, 0xffff_ffff, hashOf("word")]) expect(bloomMayHold(bits, value)).toBe(false);
  });
});

describe("joined Bloom filters", () => {
  test("give back the filter of each page", () => {
    const filter = fc.uint8Array({ minLength: 0, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(filter, { minLength: 1, maxLength: 20 }), fc.nat(7), (filters, shift) => {
        const joined = joinBlooms(filters);
        const within = new Uint8Array(joined.length + shift);
        within.set(joined, shift);
        const given = filters.map((_, page) => bloomOfPage(within.subarray(shift), filters.length, page));
        expect(given).toEqual(filters);
      }),
    );
  });

  test("answer for their own page, not for another", () => {
    const pages = ["alpha", "beta", "gamma"];
    const joined = joinBlooms(pages.map((word) => buildBloom(setOf([hashOf(word)]))));
    for (const page of pages.keys()) {
      const bits = bloomOfPage(joined, pages.length, page);
      expect(pages.map((word) => bloomMayHold(bits, hashOf(word)))).toEqual(pages.map((_, other) => other === page));
    }
  });
});
