import { expect, test } from "bun:test";
import { drawBar } from "../../../../src/render/text/bar.ts";

test("a bar is as long as its share, to an eighth of a column, and seen where there is anything", () => {
  const cases: [number, number, string][] = [
    [1, 3, "███"],
    [0.5, 3, "█▌"],
    [0.125, 1, "▏"],
    [0.0001, 10, "▏"],
    [0, 10, ""],
    [1, 0, "▏"],
  ];
  for (const [share, width, expected] of cases) expect([share, width, drawBar(share, width)]).toEqual([share, width, expected]);
});
