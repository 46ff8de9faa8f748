import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  ALONE,
  classOfUnit,
  foldCase,
  hashWords,
  IN_WORD,
  SEPARATOR,
  wordHashes,
} from "../../../../../src/store/blocks/index/words.ts";

const encoder = new TextEncoder();

const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Surrogate}]/u;
const WORD = /[\p{L}\p{N}\p{M}_]/u;

/** What hashWords should find, in the plainest way: the words of a text in order, units that stand alone included. */
function naiveWords(text: string): string[] {
  const words: string[] = [];
  let word = "";
  const end = () => {
    if (word !== "") words.push(word);
    word = "";
  };
  for (const unit of foldCase(text).split("")) {
    const alone = SPACELESS.test(unit);
    if (!alone && WORD.test(unit)) {
      word += unit;
      continue;
    }
    end();
    if (alone) words.push(unit);
  }
  end();
  return words;
}

/** FNV-1a over UTF-16 units, written once more. */
function naiveHash(word: string): number {
  let hash = 0x811c9dc5n;
  for (const unit of word.split("")) hash = ((hash ^ BigInt(unit.charCodeAt(0))) * 0x01000193n) & 0xffff_ffffn;
  return Number(hash);
}

function sorted(numbers: Iterable<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}

function hashesOf(texts: string[], json: boolean): number[] {
  const hashes: number[] = [];
  const lengths = texts.map((text) => text.length);
  hashWords(encoder.encode(texts.join("")), lengths, json, (hash) => hashes.push(hash));
  return hashes;
}

const snippet = fc.constantFrom(
  ...[
    "error",
    "ERROR",
    "x_1",
    "42",
    " ",
    "  ",
    "-",
    ".",
    "/",
    '"',
    "\\",
    "\n",
    "\t",
    "\u001b",
    "é",
    "e\u0301",
    "Straße",
    "ΣΟΦΟΣ",
  ],
  ...["İstanbul", "中", "日本語", "かな", "한글", "ไทย", "😀", "𐐀", "𝒳", "K", "٣", "Ⅷ", "№", "€", "\u00a0", "\ufffd", "\ufeff"],
);
const text = fc.oneof(
  fc.array(snippet, { maxLength: 12 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({ unit: "grapheme", maxLength: 30 }),
);

describe("folding case", () => {
  test("keeps the length of every unit, and the kind of unit that it is", () => {
    const wrong: string[] = [];
    for (let code = 0; code < 0x10000; code += 1) {
      const unit = String.fromCharCode(code);
      const folded = foldCase(unit);
      if (folded.length !== 1 || classOfUnit(folded.charCodeAt(0)) !== classOfUnit(code)) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  test("keeps the length of any text, and folds each of its code points as if it stood alone", () => {
    fc.assert(
      fc.property(text, (any) => {
        const folded = foldCase(any);
        expect(folded).toHaveLength(any.length);
        expect(folded).toBe(Array.from(any, foldCase).join(""));
      }),
      { numRuns: 1000 },
    );
  });

  test("once is enough, and makes upper and lower case of a letter the same", () => {
    fc.assert(fc.property(text, (any) => expect(foldCase(foldCase(any))).toBe(foldCase(any))));
    expect(foldCase("HÉLLO Ünïted ДОМ")).toBe("héllo ünïted дом");
    expect(foldCase("𐐀")).toBe(foldCase("𐐨"));
    expect(foldCase("K")).toBe("k");
  });

  test("takes the final sigma for any other sigma", () => {
    expect(foldCase("ΟΔΟΣ")).toBe("οδοσ");
    expect(foldCase("οδος ΟΔΟΣ! σς")).toBe("οδοσ οδοσ! σσ");
  });

  test("takes the dotted capital I for an i, without a unit more", () => {
    expect(foldCase("İSTANBUL İ ı")).toBe("istanbul i ı");
    expect(foldCase("ΣİΣ")).toBe("σiσ");
  });

  test("keeps halves of surrogate pairs", () => {
    expect(foldCase("A\ud83dB\ude00")).toBe("a\ud83db\ude00");
  });
});

describe("the class of a unit", () => {
  test("tells letters, digits, marks and the underscore from what separates words and what stands alone", () => {
    const classOf = (unit: string) => classOfUnit(unit.charCodeAt(0));
    for (const unit of "azAZ09_éßΩДא٣\u0301Ⅷ") expect([unit, classOf(unit)]).toEqual([unit, IN_WORD]);
    for (const unit of ' -./:@"\\\n\u0000\u007f€№\u00a0\u2028\ufffd\ufeff、。')
      expect([unit, classOf(unit)]).toEqual([unit, SEPARATOR]);
    for (const unit of ["中", "か", "カ", "한", "ไ", "\ud83d", "\ude00"]) expect([unit, classOf(unit)]).toEqual([unit, ALONE]);
  });
});

describe("hashing words", () => {
  test("finds exactly the words that a naive splitter finds, in texts that lie one after another", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const wellFormed = texts.map((any) => any.toWellFormed());
        expect(sorted(hashesOf(wellFormed, false))).toEqual(sorted(wellFormed.flatMap(naiveWords).map(naiveHash)));
      }),
      { numRuns: 2000 },
    );
  });

  test("finds in JSON the words of its keys and values, and none that an escape would make up", () => {
    const record = fc.dictionary(text, text, { maxKeys: 4 });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), (records) => {
        const texts = records.map((one) => JSON.stringify(one).replace(/\\ud[89a-f][0-9a-f]{2}/g, "\ufffd"));
        const words = records.flatMap((one) => Object.entries(one).flat()).flatMap((any) => naiveWords(any.toWellFormed()));
        expect(sorted(hashesOf(texts, true))).toEqual(sorted(words.map(naiveHash)));
      }),
      { numRuns: 1000 },
    );
  });

  test("does not join the end of one text with the start of the next", () => {
    expect(hashesOf(["disk", "full"], false)).toEqual([naiveHash("disk"), naiveHash("full")]);
    expect(hashesOf(["disk", "", "", "full", ""], false)).toEqual([naiveHash("disk"), naiveHash("full")]);
    expect(hashesOf(['{"a":1}', '{"b":2}'], true)).toEqual(["a", "1", "b", "2"].map(naiveHash));
  });

  test("takes a backslash in a message for itself, and one in JSON for an escape", () => {
    expect(hashesOf(["a\\nb"], false)).toEqual([naiveHash("a"), naiveHash("nb")]);
    expect(hashesOf(['"a\\nb"'], true)).toEqual([naiveHash("a"), naiveHash("b")]);
    expect(hashesOf(['"a\\u001b31m"'], true)).toEqual([naiveHash("a"), naiveHash("31m")]);
    expect(hashesOf(['"a\\\\nb"'], true)).toEqual([naiveHash("a"), naiveHash("nb")]);
    expect(hashesOf(['"a\\\\u001b"'], true)).toEqual([naiveHash("a"), naiveHash("u001b")]);
  });

  test("knows nothing of case, and all of accents", () => {
    expect(wordHashes("ERROR")).toEqual(wordHashes("error"));
    expect(wordHashes("ΟΔΟΣ")).toEqual(wordHashes("οδος"));
    expect(wordHashes("résumé")).not.toEqual(wordHashes("resume"));
  });

  test("gives each word of a text once, as whole numbers of 32 bits", () => {
    expect(wordHashes("to be or not to be")).toEqual(["to", "be", "or", "not"].map(naiveHash));
    expect(wordHashes("--- ... ")).toEqual([]);
    expect(wordHashes("")).toEqual([]);
    for (const hash of wordHashes("a b c d e f g 中 😀")) expect(hash >>> 0).toBe(hash);
  });
});
