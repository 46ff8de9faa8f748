import { describe, expect, test } from "bun:test";
import { releaseScratch } from "../../../../../src/memory/scratch.ts";
import { createSkeletonTable, type SkeletonTable } from "../../../../../src/store/blocks/extract/skeleton-table.ts";

function intern(table: SkeletonTable, text: string): number {
  const bytes = Buffer.from(text);
  table.draft(bytes.length).set(bytes);
  return table.intern(bytes.length);
}

const textOf = (table: SkeletonTable, index: number) => Buffer.from(table.get(index)).toString();

describe("a table of skeletons", () => {
  const many = Array.from({ length: 5000 }, (_, index) => `skeleton ${index % 4500} of many`);

  test("numbers each once, in the order in which they come", () => {
    const table = createSkeletonTable();
    expect(many.map((text) => intern(table, text))).toEqual(many.map((_, index) => index % 4500));
    expect([table.count(), textOf(table, 4499)]).toEqual([4500, "skeleton 4499 of many"]);
  });

  test("knows none of those before once it is cleared, or its memory let go of", () => {
    const table = createSkeletonTable();
    for (const forget of [table.clear, releaseScratch]) {
      for (const text of many) intern(table, text);
      forget();
      expect(table.count()).toBe(0);
      expect(["b", "a", "b", "skeleton 7 of many"].map((text) => intern(table, text))).toEqual([0, 1, 0, 2]);
      expect([textOf(table, 0), textOf(table, 2)]).toEqual(["b", "skeleton 7 of many"]);
      table.clear();
    }
  });
});
