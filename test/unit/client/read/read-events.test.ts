import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createEventReader, type ReadEvents } from "../../../../src/client/read/read-events.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** All events of `bytes`, which come cut at `cuts`. */
function readCut(bytes: Uint8Array, cuts: number[]): ReadEvents {
  const read = createEventReader();
  const all: ReadEvents = { data: [], lastEventId: undefined };
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let start = 0;
  for (const end of ends) {
    const { data, lastEventId } = read(bytes.subarray(start, end));
    all.data.push(...data);
    all.lastEventId = lastEventId;
    start = end;
  }
  return all;
}

describe("the reader of server-sent events", () => {
  test.each([
    ["id: 7\ndata: a\n\n", ["a"], "7"],
    ["data: a\r\ndata: b\r\n\r\ndata:c\r\rx", ["a\nb", "c"], undefined],
    ["\ufeffdata:  two spaces\n\n", [" two spaces"], undefined],
    [": keep-alive\nid: 9\n\n", [], "9"],
    ["id: 9\n\nid: 10\ndata: not whole\n", [], "9"],
    ["id: 9\ndata: a\n\ndata: b\n\n", ["a", "b"], "9"],
    ["id: 9\n\nid: 1\0\ndata: a\n\nevent: x\nretry: 5\n\n", ["a"], "9"],
    ["id: 9\n\nid\n\n", [], ""],
    ["data\n\ndata: \u2028x: y\n\n", ["\u2028x: y"], undefined],
    ["", [], undefined],
  ])("takes %j for what it means", (text, data, lastEventId) => {
    expect(createEventReader()(encode(text))).toEqual({ data, lastEventId });
  });

  test("gives the same events however the bytes are cut", () => {
    const lines = fc.constantFrom(
      "data: a",
      "data: é👍",
      "data",
      "id: 5",
      "id:6",
      ": c",
      "event: e",
      "",
      "",
      "nonsense",
      "id: \0",
    );
    const text = fc.array(fc.tuple(lines, fc.constantFrom("\n", "\r\n", "\r"))).map((parts) => parts.flat().join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 20 }), (whole, cuts) => {
        const bytes = encode(whole);
        expect(readCut(bytes, cuts)).toEqual(createEventReader()(bytes));
        expect(readCut(bytes, [...bytes.keys()])).toEqual(createEventReader()(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("refuses an event that is too long for a record, in one piece or in many", () => {
    const read = createEventReader(100);
    expect(() => read(encode(`data: ${"x".repeat(200)}`))).toThrow("too long for a record");
    const many = createEventReader(100);
    expect(() => {
      for (let i = 0; i < 20; i += 1) many(encode(`data: ${"x".repeat(20)}\n`));
    }).toThrow("too long for a record");
  });
});
