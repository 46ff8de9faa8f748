import { describe, expect, test } from "bun:test";
import { ANY_MANY, ANY_ONE, type TextCondition } from "../../../../../src/query/query.ts";
import { createRandom } from "../../../../../src/simulate/random.ts";
import { compileGlob, compileWholeGlob, globOccurs } from "../../../../../src/store/blocks/compile/glob.ts";
import { classOfUnit, foldCase, IN_WORD, SEPARATOR } from "../../../../../src/store/blocks/index/words.ts";

type Parts = TextCondition["parts"];

/** Parts as they are written: `*` and `?` are wildcards. */
function partsOf(glob: string): Parts {
  return glob
    .split(/([*?])/)
    .filter((part) => part !== "")
    .map((part) => (part === "*" ? ANY_MANY : part === "?" ? ANY_ONE : part));
}

/** Every place at which the parts from `next` on can end when they begin at `at`, by trying all there is. */
function endsOf(units: string[], text: string, at: number, next: number, fits: (unit: number) => boolean): Set<number> {
  if (next === units.length) return new Set([at]);
  const unit = units[next] as string;
  const isWild = at < text.length && fits(text.charCodeAt(at));
  if (unit === "*") {
    const here = endsOf(units, text, at, next + 1, fits);
    return isWild ? here.union(endsOf(units, text, at + 1, next, fits)) : here;
  }
  if (unit === "?") {
    const size = (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    return isWild ? endsOf(units, text, at + size, next + 1, fits) : new Set();
  }
  return text[at] === unit ? endsOf(units, text, at + 1, next + 1, fits) : new Set();
}

function isInside(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  return classOfUnit(text.charCodeAt(at - 1)) === IN_WORD && classOfUnit(text.charCodeAt(at)) === IN_WORD;
}

function naiveOccurs(glob: string, text: string): boolean {
  const units = foldCase(glob).split("");
  const fits = (unit: number) => classOfUnit(unit) !== SEPARATOR;
  const open = { start: units[0] === "*", end: units.length > 1 && units.at(-1) === "*" };
  for (let at = 0; at < text.length; at += 1) {
    if (!open.start && isInside(text, at)) continue;
    for (const end of endsOf(units, text, at, 0, fits)) if (open.end || !isInside(text, end)) return true;
  }
  return false;
}

const occurs = (glob: string, text: string) => globOccurs(compileGlob(partsOf(glob)), text, 0, text.length);

describe("a glob", () => {
  test("finds what trying everything finds, in words and as a whole", () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = createRandom(seed);
    const pick = (letters: string[], most: number) =>
      Array.from({ length: Math.floor(random.next() * most) }, () => letters[Math.floor(random.next() * letters.length)]).join(
        "",
      );
    let found = 0;
    for (let round = 0; round < 30_000; round += 1) {
      const glob = pick(["a", "b", "*", "?", "a", "*", " ", "-", "é", "😀"], 8);
      const text = pick(["a", "b", "a", "b", " ", "-", "é", "😀", "."], 14);
      if (glob === "") continue;
      const expected = naiveOccurs(glob, text);
      if (occurs(glob, text) !== expected) throw new Error(`seed ${seed}: '${glob}' in '${text}' is not ${expected}`);
      const whole = endsOf(foldCase(glob).split(""), text, 0, 0, () => true).has(text.length);
      if (compileWholeGlob(partsOf(glob))(text) !== whole)
        throw new Error(`seed ${seed}: '${glob}' is not all of '${text}': ${whole}`);
      found += expected ? 1 : 0;
    }
    expect(found).toBeGreaterThan(3000);
  });

  test.each(["*a*a*b*", "*a*b*", "*a?*b*", "*a*a*a*b", "a*a*a*b", "*?a?*b", "*a*a*a*a*a*a*a*a*b*", "*aaaaaaaaaaaaaaaaaaaab*"])(
    "takes time as the text is long, not as its square: %s",
    (glob) => {
      const text = "a".repeat(250_000);
      const from = performance.now();
      expect(occurs(glob, text)).toBe(false);
      expect(compileWholeGlob(partsOf(glob))(text)).toBe(false);
      // The square of it takes minutes.
      expect(performance.now() - from).toBeLessThan(2000);
      expect(occurs(glob, `${text}b`)).toBe(true);
    },
  );

  test("in very many short words takes no longer", () => {
    const text = "ab ".repeat(80_000);
    const from = performance.now();
    for (const glob of ["*a*b*c*", "*a*c", "a*b*a", "*b?*a*"]) expect(occurs(glob, text)).toBe(false);
    expect(performance.now() - from).toBeLessThan(2000);
  });
});
