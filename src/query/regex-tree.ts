/** From the first code point to the last, both included. */
export type Range = readonly [first: number, last: number];

/** A regular expression as both engines understand it, in the meaning that the built-in one gives it. */
export type RegexNode =
  | { type: "character"; code: number }
  /** `properties` are general categories of Unicode, such as `\p{Lu}`. */
  | { type: "class"; negated: boolean; ranges: Range[]; properties: string[] }
  | { type: "assertion"; assertion: "^" | "$" | "\\b" | "\\B" }
  | { type: "sequence"; parts: RegexNode[] }
  | { type: "alternatives"; parts: RegexNode[] }
  | { type: "repeat"; part: RegexNode; min: number; max: number; lazy: boolean };

export const LAST_CODE = 0x10ffff;

const DIGITS: Range[] = [[48, 57]];
const WORD: Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
/** Where case does not count these two are s and k, which must not count as no letters. */
const LONG_S_AND_KELVIN: Range[] = [
  [0x17f, 0x17f],
  [0x212a, 0x212a],
];
const SPACE: Range[] = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

const ESCAPES: Readonly<Record<string, Range[]>> = {
  d: DIGITS,
  D: complementOf(DIGITS),
  w: WORD,
  W: complementOf(WORD),
  s: SPACE,
  S: complementOf(SPACE),
};
const NO_LETTERS_IN_ANY_CASE = complementOf([...WORD, ...LONG_S_AND_KELVIN]);

/** What `\d`, `\w`, `\s` and their opposites stand for, if the letter is one of these. Written out, since the engines do not agree on blanks. */
export function rangesOfEscape(letter: string, ignoreCase: boolean): Range[] | undefined {
  return letter === "W" && ignoreCase ? NO_LETTERS_IN_ANY_CASE : ESCAPES[letter];
}

/** What a dot does not match. */
export const LINE_ENDS: Range[] = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];

function complementOf(ranges: Range[]): Range[] {
  const rest: Range[] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  rest.push([next, LAST_CODE]);
  return rest;
}

/** How many characters and classes it is made of, repeated ones counted as often as they are asked for. */
export function sizeOf(node: RegexNode): number {
  if (node.type === "sequence" || node.type === "alternatives") return node.parts.reduce((sum, part) => sum + sizeOf(part), 1);
  if (node.type !== "repeat") return 1;
  return sizeOf(node.part) * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min + 1 : node.max);
}

/** Whether there is an assertion anywhere in it. */
export function usesPlaces(node: RegexNode): boolean {
  if (node.type === "sequence" || node.type === "alternatives") return node.parts.some(usesPlaces);
  return node.type === "repeat" ? usesPlaces(node.part) : node.type === "assertion";
}
