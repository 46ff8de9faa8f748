import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { PageText } from "../../../../../src/store/blocks/block/block-reader.ts";
import { compileTerm } from "../../../../../src/store/blocks/compile/term.ts";
import { queryGrams } from "../../../../../src/store/blocks/index/gram-filter.ts";
import { foldCase, wordHashes } from "../../../../../src/store/blocks/index/words.ts";
import { markAttributes, markMessages } from "../../../../../src/store/blocks/match/mark-term.ts";

function pageOf(rows: string[]): PageText {
  const offsets = Uint32Array.of(0, ...rows.map((_, row) => rows.slice(0, row + 1).join("").length));
  return { text: rows.join(""), isAscii: false, offsets: () => offsets };
}

/** The indexes of the rows in which the term occurs. */
function rowsWith(mark: typeof markMessages, term: string, rows: string[]): number[] {
  const page = pageOf(rows);
  const hits = new Uint8Array(rows.length);
  mark(compileTerm([term]), foldCase(page.text), page, hits);
  return [...hits.keys()].filter((row) => hits[row] === 1);
}

const messagesWith = (term: string, messages: string[]) => rowsWith(markMessages, term, messages);
const attributesWith = (term: string, ...attributes: unknown[]) =>
  rowsWith(
    markAttributes,
    term,
    attributes.map((value) => JSON.stringify(value)),
  );
const occursInMessage = (term: string, message: string) => messagesWith(term, [message]).length === 1;
const occursInValue = (term: string, value: unknown) => attributesWith(term, { key: value }).length === 1;

/** What a term and a text have in common, in the plainest way. */
function naiveOccurs(term: string, text: string): boolean {
  const needle = foldCase(term);
  const folded = foldCase(text);
  const inWord = (unit: string | undefined) =>
    unit !== undefined && /[\p{L}\p{N}\p{M}_]/u.test(unit) && !/[\p{Script=Han}\p{Script=Hangul}]/u.test(unit);
  for (let at = 0; at + needle.length <= folded.length; at += 1) {
    if (folded.slice(at, at + needle.length) !== needle) continue;
    const joinsBefore = inWord(needle[0]) && inWord(folded[at - 1]);
    const joinsAfter = inWord(needle.at(-1)) && inWord(folded[at + needle.length]);
    if (!joinsBefore && !joinsAfter) return true;
  }
  return false;
}

const snippet = fc.constantFrom(
  "a",
  "A",
  "ab",
  "b",
  "é",
  "_",
  "1",
  " ",
  "-",
  '"',
  "\\",
  "\n",
  "n",
  "u",
  "\u001b",
  "中",
  "😀",
  "{",
  ":",
  ",",
);
const text = fc.array(snippet, { maxLength: 10 }).map((parts) => parts.join(""));
const term = fc.array(snippet, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));

describe("a term made ready", () => {
  test("is folded, and has the hashes of its words", () => {
    expect(compileTerm(['Disk "FULL"'])).toEqual({
      needle: 'disk "full"',
      jsonNeedle: 'disk \\"full\\"',
      hashes: { words: wordHashes("disk full"), dense: wordHashes("disk full") },
      grams: queryGrams(['disk "full"']),
      jsonGrams: queryGrams(['disk \\"full\\"']),
      startsWithWord: true,
      endsWithWord: false,
    });
  });

  test("has half a surrogate pair as U+FFFD, as stored texts have", () => {
    expect(compileTerm(["a\ud83d"]).needle).toBe("a\ufffd");
    expect(occursInMessage("a\ud83d", "a\ufffd")).toBe(true);
  });
});

describe("a term in messages", () => {
  const cases: [string, string, boolean][] = [
    ["error", "error", true],
    ["error", "an error!", true],
    ["error", "errors", false],
    ["error", "terror", false],
    ["error", "my_error", false],
    ["error", "error2", false],
    ["error", "errors and an error", true],
    ["ERROR", "an Error", true],
    ["error", "AN ERROR", true],
    ["disk full", "the disk full?", true],
    ["disk full", "disk  full", false],
    ["disk full", "disk fuller", false],
    ["timeout=30s", "(timeout=30s)", true],
    ["timeout=30", "timeout=30s", false],
    ["/api/v1", "GET /api/v1/users", true],
    ["/api/v1", "GET/api/v1", true],
    ["/api/v1", "GET /api/v10", false],
    ["10.0.0.1", "from 10.0.0.1:80", true],
    ["10.0.0.1", "from 110.0.0.1", false],
    ["10.0.0.1", "from 10.0.0.12", false],
    ["...", "wait...", true],
    ["straße", "STRAßE", true],
    ["strasse", "straße", false],
    ["οδος", "ΟΔΟΣ", true],
    ["istanbul", "İSTANBUL", true],
    ["café", "cafés", false],
    ["cafe", "café", false],
    ["cafe", "cafe\u0301", false],
    ["日本", "私は日本語を", true],
    ["日語", "日本語", false],
    ["abc", "日abc本", true],
    ["😀", "ok😀ok", true],
    ["😀", "ok😁ok", false],
    ["ok", "ok😀ok", true],
    ["a\nb", "x a\nb y", true],
  ];
  test.each(cases)("%j in %j: %p", (needle, message, expected) => {
    expect(occursInMessage(needle, message)).toBe(expected);
  });

  test("is found in the rows that have it, in no other", () => {
    expect(messagesWith("full", ["disk full", "", "fuller", "FULL", "", "full full full", "none"])).toEqual([0, 3, 5]);
    expect(messagesWith("absent", ["disk full", ""])).toEqual([]);
    expect(messagesWith("full", [])).toEqual([]);
    expect(messagesWith("full", ["", "", ""])).toEqual([]);
  });

  test("is not put together from the end of one row and the start of the next", () => {
    expect(messagesWith("disk full", ["disk ", "full", "disk full"])).toEqual([2]);
    expect(messagesWith("diskfull", ["disk", "full"])).toEqual([]);
    expect(messagesWith("aa", ["xa", "a", "aa", "a", "a"])).toEqual([2]);
    expect(messagesWith("--", ["-", "-", "--", "-", "---"])).toEqual([2, 4]);
  });

  test("is a whole word though the row before ends, or the next one starts, with a letter", () => {
    expect(messagesWith("full", ["disk", "full", "stop"])).toEqual([1]);
    expect(messagesWith("full", ["full", "full", "y"])).toEqual([0, 1]);
  });

  test("leaves marks of other terms alone", () => {
    const page = pageOf(["one", "two"]);
    const hits = Uint8Array.of(1, 0);
    markMessages(compileTerm(["two"]), page.text, page, hits);
    expect([...hits]).toEqual([1, 1]);
  });

  test("is found exactly where a naive search finds it", () => {
    fc.assert(
      fc.property(term, fc.array(text, { maxLength: 6 }), (needle, messages) => {
        const expected = [...messages.keys()].filter((row) => naiveOccurs(needle, messages[row] as string));
        expect(messagesWith(needle, messages)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a term in attributes", () => {
  const cases: [string, unknown, boolean][] = [
    ["sda", "sda", true],
    ["SDA", "disk sda1 or sda", true],
    ["sda", "sda1", false],
    ["42", 42, true],
    ["42", 421, false],
    ["42", "42", true],
    ["3.5", 3.5, true],
    ["-7", -7, true],
    ["1e+21", 1e21, true],
    ["true", true, true],
    ["false", true, false],
    ["null", null, true],
    ["deep", { a: [{ b: ["x", ["deep"]] }] }, true],
    ["7", [1, [2, { c: 7 }]], true],
    ["deeper", { a: ["deep"] }, false],
    ["one two", ["one", "two"], false],
    ["1,2", [1, 2], false],
    ["a b", { a: "b" }, false],
    ['say "hi"', 'they say "hi" twice', true],
    ['"hi"', "hi", false],
    ["c:\\temp", "in C:\\Temp\\x", true],
    ["temp", "C:\\temp", true],
    ["a\nb", "a\nb", true],
    ["n", "a\nb", false],
    ["nb", "a\nb", false],
    ["b", "a\nb", true],
    ["u001b", "\u001b[31m", false],
    ["001b", "\u001b[31m", false],
    ["31m", "\u001b[31m", true],
    ["\u001b[31m", "\u001b[31m red", true],
    ["\\", "a\\b", true],
    ["\\", 'a"b', false],
    ["日本", "日本語", true],
    ["😀", "ok 😀", true],
    ["ok", "😀ok", true],
    ["οδος", "Η ΟΔΟΣ", true],
    ["{", "a { b", true],
    ["{", "a", false],
    [":", 1, false],
  ];
  test.each(cases)("%j in the value %j: %p", (needle, value, expected) => {
    expect(occursInValue(needle, value)).toBe(expected);
  });

  test("is not found in keys, at any depth", () => {
    expect(attributesWith("status", { status: "ok" }, { inner: [{ status: 1 }] }, { a: "status" })).toEqual([2]);
    expect(attributesWith("key:", { "key:": 1 }, { a: "key:" })).toEqual([1]);
    expect(attributesWith('a"', { 'a"': 1, 'x\\"': 2 }, { b: 'a"' })).toEqual([1]);
  });

  test("is found in every value of keys that differ only in case", () => {
    expect(attributesWith("first", { A: "first", a: "second" })).toEqual([0]);
    expect(attributesWith("second", { A: "first", a: "second" })).toEqual([0]);
    expect(attributesWith("first", { a: "first", A: "second" }, { x: { Σ: "first", ς: "second", σ: 3 } })).toEqual([0, 1]);
    expect(attributesWith("third", { A: "first", a: "second" })).toEqual([]);
  });

  test("is found in values of keys that mean something to objects, or look like numbers", () => {
    expect(rowsWith(markAttributes, "odd", ['{"__proto__":"odd"}', '{"constructor":["odd"]}', '{"1":"odd","0":2}'])).toEqual([
      0, 1, 2,
    ]);
  });

  test("is held against numbers as they were written, whatever their digits", () => {
    const rows = ['{"n":12345678901234567890}', '{"n":1.10}', '{"n":1E400}', '{"n":[-0.0]}'];
    expect(rowsWith(markAttributes, "12345678901234567890", rows)).toEqual([0]);
    expect(rowsWith(markAttributes, "1.10", rows)).toEqual([1]);
    expect(rowsWith(markAttributes, "1.1", rows)).toEqual([]);
    expect(rowsWith(markAttributes, "1e400", rows)).toEqual([2]);
    expect(rowsWith(markAttributes, "infinity", rows)).toEqual([]);
    expect(rowsWith(markAttributes, "-0.0", rows)).toEqual([3]);
  });

  test("is found in the rows that have it, among rows without attributes", () => {
    const rows = ["", '{"a":"full"}', "", '{"full":1}', '{"a":"b","c":["FULL"]}', ""];
    expect(rowsWith(markAttributes, "full", rows)).toEqual([1, 4]);
    expect(rowsWith(markAttributes, "full", ["", ""])).toEqual([]);
  });

  test("is not put together from two rows", () => {
    expect(rowsWith(markAttributes, "}{", ['{"a":1}', '{"b":2}', '{"c":"}{"}'])).toEqual([2]);
    expect(rowsWith(markAttributes, "1", ['{"a":"x"}', '{"b":1}'])).toEqual([1]);
  });

  test("is found exactly where a naive search of all values finds it", () => {
    const value = fc.oneof(text, fc.integer({ min: -20, max: 20 }), fc.boolean(), fc.constant(null));
    const record = fc.dictionary(text, fc.oneof(value, fc.array(value), fc.dictionary(text, value)), { maxKeys: 4 });
    const valuesOf = (any: unknown): string[] =>
      typeof any === "object" && any !== null ? Object.values(any).flatMap(valuesOf) : [String(any)];
    fc.assert(
      fc.property(term, fc.array(record, { maxLength: 4 }), (needle, records) => {
        const expected = [...records.keys()].filter((row) => valuesOf(records[row]).some((one) => naiveOccurs(needle, one)));
        expect(attributesWith(needle, ...records)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });
});
