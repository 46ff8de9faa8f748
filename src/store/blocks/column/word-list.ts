import { lazy } from "../../../memory/lazy.ts";
import { createTextBuffer, putBytes, putText, type TextBuffer, takeBytes } from "../../../memory/text-buffer.ts";
import { foldCase } from "../index/words.ts";
import { holds, type ValueTest } from "./value-test.ts";

/** The words that slots hold, by number. What a search asks of them it asks of each word once. */
export type WordList = {
  words: readonly string[];
  /** Puts the text of a word behind what is in the buffer. */
  put(index: number, buffer: TextBuffer): void;
  /** A 1 for each word of which the test holds; undefined where there is none. */
  matching(test: ValueTest, folded: boolean): Uint8Array | undefined;
};

/** What is remembered of what was asked, in bytes: a dictionary outlives the questions, which may all be different. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** What remembering an answer takes besides its bytes and those of the question. */
const ENTRY_BYTES = 128;

export function createWordList(words: readonly string[]): WordList {
  let foldedWords: string[] | undefined;
  const known = new Map<string, Uint8Array | undefined>();
  let knownBytes = 0;
  const utf8 = lazy(() => encodeWords(words));
  return {
    words,
    put(index, buffer) {
      const { bytes, ends } = utf8();
      putBytes(buffer, bytes, index === 0 ? 0 : ends[index - 1], ends[index]);
    },
    matching(test, folded) {
      const key = `${test.relation} ${folded} ${test.text}`;
      if (known.has(key)) return known.get(key);
      if (folded) foldedWords ??= words.map(foldCase);
      const hits = Uint8Array.from(folded ? (foldedWords as string[]) : words, (word) => (holds(test, word) ? 1 : 0));
      const result = hits.includes(1) ? hits : undefined;
      const bytes = ENTRY_BYTES + key.length * 2 + (result?.length ?? 0);
      if (knownBytes + bytes > MAX_ANSWER_BYTES) {
        known.clear();
        knownBytes = 0;
      }
      known.set(key, result);
      knownBytes += bytes;
      return result;
    },
  };
}

/** The words as UTF-8, one after another, and where each ends. */
function encodeWords(words: readonly string[]): { bytes: Uint8Array; ends: Uint32Array } {
  const buffer = createTextBuffer();
  const ends = Uint32Array.from(words, (word) => {
    putText(buffer, word);
    return buffer.length;
  });
  return { bytes: takeBytes(buffer), ends };
}
