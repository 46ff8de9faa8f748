import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BROKEN, createJsonWalk, goOn, startWalk, WALKING, WHOLE } from "../../../../src/dialects/json/walk-json.ts";

const encoder = new TextEncoder();

/** Walks over the value at `at`, so many bytes a step. */
function walkOver(text: string, stepBytes: number, at = 0, multiline = true) {
  const walk = createJsonWalk(encoder.encode(text));
  startWalk(walk, at, multiline);
  let how = goOn(walk, at + stepBytes);
  while (how === WALKING) how = goOn(walk, walk.at + stepBytes);
  return { how, at: walk.at, members: walk.members, deepest: walk.deepest, blanks: walk.blanks };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const scrap = fc.constantFrom(
  ...[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"',
    "\\",
    "\\u00e9",
    "\\ud8",
    "0",
    "-",
    "1.5",
    "1e",
    "E+3",
    ".",
    "tru",
    "true",
    "null",
  ],
  ...["false", " ", "\n", "\t", "\u0000", "é", "😀", "\u2028"],
);
const text = fc.oneof(
  fc.array(scrap, { maxLength: 8 }).map((scraps) => scraps.join("")),
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value, null, 1)),
  fc.tuple(fc.json(), fc.nat()).map(([json, at]) => json.slice(0, at % (json.length + 1))),
);

describe("a walk over JSON", () => {
  test("says of every text what JSON.parse says, in steps of whatever size", () => {
    let whole = 0;
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (json, stepBytes) => {
        const { how, at } = walkOver(json, stepBytes);
        const rest = new TextDecoder().decode(encoder.encode(json).subarray(at));
        const isWhole = how === WHOLE && /^[ \t\r\n]*$/.test(rest);
        expect([json, isWhole]).toEqual([json, isJson(json)]);
        if (isWhole) whole += 1;
      }),
      { numRuns: 5000 },
    );
    expect(whole).toBeGreaterThan(500);
  });

  test("counts members, levels and blanks, and ends behind the value", () => {
    expect(walkOver('  {"a": [1, {"b":2, "b":3}],\n"c":"}"} x', 3, 2)).toMatchObject({
      how: WHOLE,
      at: 37,
      members: 4,
      deepest: 3,
      blanks: 4,
    });
    expect(walkOver("[".repeat(5000) + "]".repeat(5000), 64)).toMatchObject({ how: WHOLE, deepest: 5000 });
  });

  test("stays within its line where line ends are no white space, and stops at the byte that is wrong", () => {
    expect(walkOver('{"a":\n1}', 99, 0, false)).toMatchObject({ how: BROKEN, at: 5 });
    expect(walkOver('{\n"a":1}', 1, 0, false)).toMatchObject({ how: BROKEN, at: 1 });
    expect(walkOver('{"a":1}\n', 99, 0, false)).toMatchObject({ how: WHOLE, at: 7 });
  });
});
