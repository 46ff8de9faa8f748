import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { createTextBuffer, putText, takeBytes } from "../../../../../src/memory/text-buffer.ts";
import { createWordList } from "../../../../../src/store/blocks/column/word-list.ts";

describe("words", () => {
  const words = ["", "naïve", "", "Ώ", "plain", "\u{1F600}"];

  test("are written one by one as they are", () => {
    const buffer = createTextBuffer(4);
    putText(buffer, "<");
    const list = createWordList(words);
    for (const index of [4, 1, 0, 5, 3, 2, 1]) list.put(index, buffer);
    expect(new TextDecoder().decode(takeBytes(buffer))).toBe("<plainnaïve\u{1F600}Ώnaïve");
  });

  test("are told by what holds of them", () => {
    const list = createWordList(words);
    expect(list.matching({ relation: "contains", text: "ï" }, false)).toEqual(Uint8Array.of(0, 1, 0, 0, 0, 0));
    expect(list.matching({ relation: "equals", text: "ώ" }, true)).toEqual(Uint8Array.of(0, 0, 0, 1, 0, 0));
    expect(list.matching({ relation: "startsWith", text: "x" }, false)).toBeUndefined();
  });

  const memory = () => {
    Bun.gc(true);
    return heapStats().heapSize + heapStats().extraMemorySize;
  };
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`);

  test.each([
    ["are many", numbered(20_000), ""],
    ["are few and the questions long", numbered(3), "x".repeat(10_000)],
    ["are none", [], "x".repeat(10_000)],
  ])("take no more memory with every question where they %s", (_, many, long) => {
    const list = createWordList(many);
    list.matching({ relation: "equals", text: "word1" }, true);
    const before = memory();
    for (let index = 0; index < 1000; index += 1) list.matching({ relation: "equals", text: `word${index}${long}` }, false);
    expect(memory() - before).toBeLessThan(4 * 1024 * 1024);
    if (many.length > 2) expect(list.matching({ relation: "equals", text: "word2" }, false)?.indexOf(1)).toBe(2);
  });
});
