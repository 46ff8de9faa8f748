import { describe, expect, test } from "bun:test";
import { findHits } from "../../../../../src/store/blocks/block/find-hits.ts";

const set =
  (...rows: number[]) =>
  (hits: Uint8Array) => {
    for (const row of rows) hits[row] = 1;
  };

describe("hits", () => {
  test("are those of one search only, whatever was found before", () => {
    const nothing = findHits(5, set());
    const something = findHits(4, set(1, 3));
    const other = findHits(6, set(0));
    expect([[...nothing], [...something], [...other]]).toEqual([
      [0, 0, 0, 0, 0],
      [0, 1, 0, 1],
      [1, 0, 0, 0, 0, 0],
    ]);
    expect([...findHits(6, set())]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("of a search that fails are not those of the next", () => {
    const fail = (hits: Uint8Array) => {
      hits[2] = 1;
      throw new Error("damaged");
    };
    findHits(8, set());
    expect(() => findHits(8, fail)).toThrow("damaged");
    expect([...findHits(8, set(5))]).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);
  });

  test("take no memory where nothing is found", () => {
    expect(findHits(100, set()).buffer).toBe(findHits(90, set()).buffer);
  });
});
