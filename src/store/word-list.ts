import { lazy } from "./lazy.ts";
import type { SlotTest } from "./template-match.ts";
import { foldCase } from "./words.ts";

/** The words that slots hold, by number. What a search asks of them it asks of each word once. */
export type WordList = {
  words: readonly string[];
  /** The same as UTF-8. */
  utf8(): readonly Uint8Array[];
  /** A 1 for each word of which the test holds; undefined where there is none. */
  matching(test: Pick<SlotTest, "relation" | "text">, folded: boolean): Uint8Array | undefined;
};

const encoder = new TextEncoder();

export function createWordList(words: readonly string[]): WordList {
  let foldedWords: string[] | undefined;
  const known = new Map<string, Uint8Array | undefined>();
  return {
    words,
    utf8: lazy(() => words.map((word) => encoder.encode(word))),
    matching(test, folded) {
      const key = `${test.relation} ${folded} ${test.text}`;
      if (known.has(key)) return known.get(key);
      if (folded) foldedWords ??= words.map(foldCase);
      const hits = Uint8Array.from(folded ? (foldedWords as string[]) : words, (word) => (holds(test, word) ? 1 : 0));
      const result = hits.includes(1) ? hits : undefined;
      known.set(key, result);
      return result;
    },
  };
}

/** Whether the test holds of a value. */
export function holds({ relation, text }: Pick<SlotTest, "relation" | "text">, value: string): boolean {
  switch (relation) {
    case "equals":
      return value === text;
    case "contains":
      return value.includes(text);
    case "startsWith":
      return value.startsWith(text);
    case "endsWith":
      return value.endsWith(text);
  }
}
