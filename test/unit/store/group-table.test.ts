import { describe, expect, test } from "bun:test";
import { type DistinctValues, estimateDistinct } from "../../../src/store/distinct-values.ts";
import { createGroupTable } from "../../../src/store/group-table.ts";

const held = (table: ReturnType<typeof createGroupTable>, of: "numbers" | "distinct") =>
  [...table.groups.values()].reduce(
    (sum, { numbers, distinct }) => sum + ((of === "numbers" ? numbers?.counts.size : distinct?.hashes.size) ?? 0),
    0,
  );

describe("a table of groups", () => {
  test("refuses more groups than it may have, also when it absorbs them", () => {
    const table = createGroupTable(3);
    for (const key of ["[1]", "[2]", "[3]", "[1]"]) table.add(key, 2);
    expect(Array.from(table.groups, ([key, { count }]) => [key, count])).toEqual([
      ["[1]", 4],
      ["[2]", 2],
      ["[3]", 2],
    ]);
    expect(() => table.add("[4]", 1)).toThrow("more than 3 groups");
    const other = createGroupTable(3);
    other.add("[4]", 1);
    expect(() => other.absorb(table.encode())).toThrow("more than 3 groups");
  });

  test("refuses values that are too large to be kept", () => {
    const table = createGroupTable(1000);
    const large = "x".repeat(256 * 1024);
    expect(() => {
      for (let i = 0; i < 100; i += 1) table.add(`["${i}${large}"]`, 1);
    }).toThrow("too large");
    expect(table.groups.size).toBeLessThan(70);
  });

  test("rounds numbers once all groups together hold very many, and refuses where that is not enough", () => {
    const table = createGroupTable(10_000);
    for (let key = 0; key < 100; key += 1) {
      const group = table.add(`[${key}]`, 6000);
      for (let value = 1; value <= 6000; value += 1) table.addNumber(group, value, 1);
    }
    expect(held(table, "numbers")).toBeLessThan(500_000);
    expect([...table.groups.values()].every(({ numbers }) => numbers?.rounded && numbers.count === 6000)).toBe(true);
    expect(() => {
      for (let key = 0; key < 9000; key += 1) {
        const group = table.add(`["x${key}"]`, 1);
        for (let power = -100; power < 100; power += 1) table.addNumber(group, 10 ** power, 1);
      }
    }).toThrow("they are too large");
  });

  test("keeps fewer hashes in each of many groups, says so, and leaves small groups exact", () => {
    const table = createGroupTable(10_000);
    const small = table.add("[0]", 1);
    for (const value of ['"a"', '"b"', '"a"']) table.addValue(small, value);
    for (let key = 1; key <= 300; key += 1) {
      const group = table.add(`[${key}]`, 1);
      for (let value = 0; value < 2000; value += 1) table.addValue(group, `${key}/${value}`);
    }
    expect(held(table, "distinct")).toBeLessThanOrEqual(500_000);
    expect(estimateDistinct(small.distinct as DistinctValues)).toEqual({ distinct: 2, error: 0 });
    const errors = [...table.groups.values()].map(({ distinct }) => estimateDistinct(distinct as DistinctValues));
    expect(errors.some(({ error }) => error > 0)).toBe(true);
    const off = errors.slice(1).filter(({ distinct, error }) => Math.abs(distinct - 2000) > 2000 * error);
    expect(off.length).toBeLessThan(30);
  });
});
