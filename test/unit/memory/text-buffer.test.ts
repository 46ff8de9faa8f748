import { describe, expect, test } from "bun:test";
import {
  createTextBuffer,
  putBytes,
  putDecimal,
  putEscaped,
  putText,
  type TextBuffer,
  takeBytes,
} from "../../../src/memory/text-buffer.ts";
import { formatTimestamp } from "../../../src/schema/timestamp.ts";
import { createRandom } from "../../../src/simulate/random.ts";
import { createTimestampWriter } from "../../../src/store/blocks/search/time-text.ts";

const encoder = new TextEncoder();
const SEED = Math.floor(Math.random() * 2 ** 31);

function written(put: (buffer: TextBuffer) => void, capacity?: number): string {
  const buffer = createTextBuffer(capacity);
  put(buffer);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(takeBytes(buffer));
}

describe("a text buffer", () => {
  test("grows with what is put there, and forgets it when its length is 0", () => {
    const pieces = ["", "a", "é", "東京", "x".repeat(19), "y".repeat(20), "z".repeat(21), "w".repeat(5000), "\u{feff}", "😀"];
    const buffer = createTextBuffer(1);
    for (const text of ["first", "second"]) {
      buffer.length = 0;
      putText(buffer, text);
      for (const piece of pieces) putBytes(buffer, encoder.encode(piece));
      for (const piece of pieces) putText(buffer, piece);
      putBytes(buffer, encoder.encode("0123456789".repeat(5)), 3, 47);
      const expected = text + pieces.join("") + pieces.join("") + "0123456789".repeat(5).slice(3, 47);
      expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(takeBytes(buffer))).toBe(expected);
    }
  });

  test("has whole numbers in decimal, as wide as is wanted", () => {
    const random = createRandom(SEED);
    const edges = [0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999_999, 100_000_000, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
    const values = [...edges, ...Array.from({ length: 5000 }, () => Math.floor(random.next() * 10 ** random.between(1, 15)))];
    for (const value of values) {
      const width = random.between(1, 18);
      expect(written((buffer) => putDecimal(buffer, value))).toBe(String(value));
      expect(written((buffer) => putDecimal(buffer, value, width))).toBe(String(value).padStart(width, "0"));
    }
  });

  test("has texts as JSON.stringify writes them", () => {
    const random = createRandom(SEED);
    const units = ['"', "\\", "/", "\n", "\0", "\u001f", "\u007f", "\u2028", "é", "東", "😀", "a", " "];
    for (let i = 0; i < 500; i += 1) {
      const text = Array.from({ length: random.between(0, 60) }, () => random.pick(units)).join("");
      expect(`"${written((buffer) => putEscaped(buffer, encoder.encode(text)))}"`).toBe(JSON.stringify(text));
    }
    const all = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
    expect(`"${written((buffer) => putEscaped(buffer, encoder.encode(all)))}"`).toBe(JSON.stringify(all));
  });

  test("has times as formatTimestamp writes them, in any order", () => {
    const random = createRandom(SEED);
    const put = createTimestampWriter();
    let ms = 1_764_000_000_000;
    for (let i = 0; i < 3000; i += 1) {
      ms += random.pick([0, 0, 1, 17, 1000, 59_999, -30_000, 86_400_000, -4e12, 4e12, -1]);
      if (ms < -6e13 || ms > 2e14) ms = 0;
      const [nanos, digits] = [random.between(0, 999_999), random.pick([0, 1, 3, 3, 3, 3, 6, 9])];
      expect(written((buffer) => put(buffer, ms, nanos, digits))).toBe(formatTimestamp(ms, nanos, digits));
    }
  });
});
