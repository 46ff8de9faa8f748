import { describe, expect, test } from "bun:test";
import { type ByteNames, createByteNames } from "../../../../src/dialects/json/byte-names.ts";

const encoder = new TextEncoder();

/** The number of a name, which is added where it is not known. */
function numberOf(names: ByteNames, name: string, hash: number): number {
  const bytes = encoder.encode(`"${name}"`);
  const known = names.find(bytes, 1, bytes.length - 1, hash);
  return known >= 0 ? known : names.add(bytes, 1, bytes.length - 1, hash);
}

describe("names by their bytes", () => {
  test("have the number they were given, also where others have the same hash", () => {
    const names = createByteNames(64);
    const given = Array.from({ length: 20 }, (_, i) => numberOf(names, `name ${i}`, i % 3));
    expect(given).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(given.map((_, i) => numberOf(names, `name ${i}`, i % 3))).toEqual(given);
    expect(names.find(encoder.encode("name 1x"), 0, 7, 1)).toBe(-1);
  });

  test("are no more than there is room for, and none once they are forgotten", () => {
    const names = createByteNames(16);
    const given = Array.from({ length: 20 }, (_, i) => numberOf(names, `name ${i}`, i * 7919));
    expect(given).toEqual([...Array(16).keys(), -1, -1, -1, -1]);
    names.clear();
    expect([names.size(), numberOf(names, "other", 3), names.size()]).toEqual([0, 0, 1]);
  });

  test("that all have one hash cost no more than a bounded look each", () => {
    const names = createByteNames(4096);
    const given = Array.from({ length: 4096 }, (_, i) => numberOf(names, `name ${i}`, 42));
    expect(given.filter((number) => number >= 0)).toHaveLength(32);
    expect(numberOf(names, "of another hash", 1000)).toBe(32);
  });
});
