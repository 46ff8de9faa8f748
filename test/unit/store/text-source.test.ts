import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createTextSource } from "../../../src/store/text-source.ts";

describe("a text source", () => {
  test("hands out the texts in order, wherever they are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 20 })), fc.array(fc.nat(15)), (chunks, cuts) => {
        const whole = chunks.join("");
        const source = createTextSource(chunks);
        let at = 0;
        for (const cut of cuts) {
          const units = Math.min(cut, whole.length - at);
          expect(source.take(units)).toBe(whole.slice(at, at + units));
          at += units;
        }
        expect(source.take(whole.length - at)).toBe(whole.slice(at));
      }),
    );
  });

  test("asks for a chunk only once it is needed", () => {
    const asked: string[] = [];
    function* chunks() {
      for (const chunk of ["abc", "", "def"]) {
        asked.push(chunk);
        yield chunk;
      }
    }
    const source = createTextSource(chunks());
    expect(asked).toEqual([]);
    expect(source.take(0)).toBe("");
    expect(asked).toEqual([]);
    expect(source.take(3)).toBe("abc");
    expect(asked).toEqual(["abc"]);
    expect(source.take(1)).toBe("d");
    expect(asked).toEqual(["abc", "", "def"]);
  });

  test("cuts a surrogate pair where it is told to, and loses neither half", () => {
    const source = createTextSource(["a😀", "b"]);
    expect([source.take(2), source.take(2)]).toEqual(["a\ud83d", "\ude00b"]);
  });

  test("says so when there is less than asked for", () => {
    const source = createTextSource(["abc"]);
    expect(source.take(2)).toBe("ab");
    expect(() => source.take(3)).toThrow("the texts end 2 units before their lengths say");
    expect(() => createTextSource([]).take(1)).toThrow("1 units");
  });
});
