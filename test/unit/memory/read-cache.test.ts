import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { createKeptValues, keptOf } from "../../../src/memory/read-cache.ts";
import { releaseScratch } from "../../../src/memory/scratch.ts";

/** Asks for the value under a key; true where it had to be made. */
function isMade(kept: ReturnType<typeof createKeptValues>, key: string, bytes: number): boolean {
  let made = false;
  kept.get(key, () => {
    made = true;
    return { value: key, bytes };
  });
  return made;
}

describe("kept values", () => {
  test("are made once", () => {
    const kept = createKeptValues(10_000);
    expect([isMade(kept, "a", 100), isMade(kept, "b", 100), isMade(kept, "a", 100), isMade(kept, "b", 100)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test("make room for others, those first that were not asked for", () => {
    const kept = createKeptValues(10_000);
    for (const key of ["a", "b", "a", "c"]) isMade(kept, key, 4000);
    expect([isMade(kept, "a", 4000), isMade(kept, "b", 4000)]).toEqual([false, true]);
  });

  test("are bounded in number, however small they are", () => {
    const kept = createKeptValues(10_000);
    for (let key = 0; key < 1000; key += 1) isMade(kept, String(key), 0);
    expect([isMade(kept, "999", 0), isMade(kept, "900", 0)]).toEqual([false, true]);
  });

  test("of a database are let go of where memory is to be given back", () => {
    using database = new Database(":memory:");
    expect([isMade(keptOf(database), "a", 1), isMade(keptOf(database), "a", 1)]).toEqual([true, false]);
    releaseScratch();
    expect(isMade(keptOf(database), "a", 1)).toBe(true);
  });
});
