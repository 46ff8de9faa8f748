import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { createByteReader } from "../../../../../src/store/blocks/bytes/byte-reader.ts";
import { createByteWriter } from "../../../../../src/store/blocks/bytes/byte-writer.ts";
import { type DistinctValues, estimateDistinct } from "../../../../../src/store/blocks/tally/distinct-values.ts";
import { createGroupTable, type GroupTable } from "../../../../../src/store/blocks/tally/group-table.ts";

function heapBytes(): number {
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}

function mergeTables(into: GroupTable, from: GroupTable): void {
  const writer = createByteWriter();
  from.encode(writer);
  into.absorb(createByteReader(writer.copyFrom(0)));
}

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
    expect(() => mergeTables(other, table)).toThrow("more than 3 groups");
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

  test("takes little room for many groups, as it is and on its way to another thread", () => {
    Bun.gc(true);
    const before = heapBytes();
    const table = createGroupTable(10_000);
    for (let key = 0; key < 9000; key += 1) {
      const group = table.add(`[${key}]`, 33);
      for (let value = 0; value < 33; value += 1) {
        table.addNumber(group, key * 33 + value, 1);
        table.addValue(group, `${key}/${value}`);
      }
    }
    Bun.gc(true);
    expect((heapBytes() - before) / 1e6).toBeLessThan(30);
    const writer = createByteWriter();
    table.encode(writer);
    expect(writer.length() / (9000 * 33)).toBeLessThan(30);
    const other = createGroupTable(10_000);
    mergeTables(other, table);
    mergeTables(other, table);
    for (const [key, { count, numbers, distinct }] of other.groups) {
      expect([key, count, numbers?.counts.size, numbers?.count]).toEqual([key, 66, 33, 66]);
      expect(estimateDistinct(distinct as DistinctValues)).toEqual({ distinct: 33, error: 0 });
    }
  });
});
