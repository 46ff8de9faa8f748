import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeInts, encodeInts, openInts } from "../../../../../src/store/blocks/column/int-column.ts";

const FULL_BLOCK = 65_536;
const HEADER_BYTES = 24;
const LARGEST = Number.MAX_SAFE_INTEGER;

function roundTrip(values: ArrayLike<number>): number[] {
  return [...decodeInts(encodeInts(values), values.length)];
}

function column(rows: number, valueAt: (row: number) => number): number[] {
  return Array.from({ length: rows }, (_, row) => valueAt(row));
}

describe("a column of whole numbers", () => {
  test("gives back any numbers up to 2^53 either way", () => {
    const value = fc.oneof(
      fc.integer({ min: -LARGEST, max: LARGEST }),
      fc.integer({ min: -300, max: 300 }),
      fc.constantFrom(0, 1, -1, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), LARGEST, -LARGEST, 1 - LARGEST),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
        expect(roundTrip(values)).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });

  test("gives back times that mostly rise by a little, as those of a log", () => {
    const steps = fc.array(fc.integer({ min: -50, max: 1_000 }), { minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 43), max: 2 ** 43 }), steps, (start, increments) => {
        let time = start;
        const values = increments.map((step) => {
          time += step;
          return time;
        });
        expect(roundTrip(values)).toEqual(values);
      }),
    );
  });

  test.each([
    ["no row", []],
    ["one row", [1_764_000_000_000]],
    ["one negative row", [-5]],
    ["two rows that fall", [7, -7]],
    ["the range that a byte just holds", [10, 265]],
    ["the range that a byte just does not hold", [10, 266]],
    ["the range that two bytes just hold", [-1, 65_534]],
    ["the range that two bytes just do not hold", [-1, 65_535]],
    ["the range that four bytes just hold", [5, 2 ** 32 + 4]],
    ["the range that four bytes just do not hold", [5, 2 ** 32 + 5]],
    ["equal steps", [3, 1_000_003, 2_000_003]],
    ["the whole range at once", [-LARGEST, LARGEST, 1 - LARGEST, LARGEST - 2, 0, 1]],
    ["steps down from the largest numbers", [LARGEST, LARGEST - 200, LARGEST - 300, LARGEST - 501, LARGEST - 502]],
    ["the largest and the smallest time of a Date", [8.64e15, -8.64e15, 0, 8.64e15]],
  ])("gives back %s", (_what, values) => {
    expect(roundTrip(values)).toEqual(values);
  });

  test.each([
    ["constants", (_row: number) => -42],
    ["a rising row", (row: number) => 1_764_000_000_000 + row * 3],
    ["narrow numbers", (row: number) => (row * 7919) % 251],
    ["wide numbers", (row: number) => ((row * 2_654_435_761) % 2 ** 32) * 1000 - 2 ** 41],
  ])("gives back a full block of %s", (_what, valueAt) => {
    const values = column(FULL_BLOCK, valueAt);
    expect(roundTrip(values)).toEqual(values);
  });

  test("gives back what lies in arrays of any kind", () => {
    expect(roundTrip(Uint8Array.of(3, 0, 255))).toEqual([3, 0, 255]);
    expect(roundTrip(Uint32Array.of(2 ** 32 - 1, 0))).toEqual([2 ** 32 - 1, 0]);
    expect(roundTrip(Float64Array.of(-1, 2 ** 40))).toEqual([-1, 2 ** 40]);
  });

  test("reads bytes that lie anywhere within a larger array", () => {
    const values = column(1000, (row) => (row * 7919) % 100_003);
    const bytes = encodeInts(values);
    for (let shift = 0; shift < 8; shift += 1) {
      const shifted = new Uint8Array(bytes.length + 16);
      shifted.set(bytes, shift);
      expect([...decodeInts(shifted.subarray(shift, shift + bytes.length), 1000)]).toEqual(values);
    }
  });

  test("gives the rows asked for, and no others", () => {
    const columns = [() => 7, (row: number) => row * 1000 + (row % 3), (row: number) => (row * 7919) % 100_003];
    for (const valueAt of columns) {
      const values = column(1000, valueAt);
      const opened = openInts(encodeInts(values), 1000);
      for (const [from, to] of [
        [0, 1000],
        [0, 1],
        [999, 1000],
        [300, 310],
        [5, 5],
      ] as const) {
        expect([...opened.slice(from, to)]).toEqual(values.slice(from, to));
      }
      expect([...opened.slice(0, 1000)]).toEqual(values);
    }
  });

  test("a column of one value, or of equal steps, takes next to no room", () => {
    expect(encodeInts(column(FULL_BLOCK, () => 7))).toHaveLength(HEADER_BYTES);
    expect(encodeInts(column(FULL_BLOCK, (row) => row * 1000)).length).toBeLessThan(100);
    // Numbers without any order need the bytes of the widest, and a few more for the header and the tag.
    let seed = 1;
    const noise = column(FULL_BLOCK, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed >>> 16;
    });
    expect(encodeInts(noise).length).toBeLessThanOrEqual(HEADER_BYTES + 1 + 2 * FULL_BLOCK);
  });

  test("refuses bytes of an encoding that it does not know", () => {
    const bytes = encodeInts([1, 2, 4]);
    bytes[0] = 9;
    expect(() => decodeInts(bytes, 3)).toThrow("unknown encoding 9");
  });
});
