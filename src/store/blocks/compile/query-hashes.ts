import { wordHashes } from "../index/words.ts";

/** The hashes of words that must stand in a text. */
export type QueryHashes = {
  words: number[];
  /** Those of them that the filter of a dense block knows for certain. */
  dense: number[];
};

const WORD = /[\p{L}\p{N}\p{M}_]+/gu;
/** A word that a number, or a group of a UUID, may be a part of: of these a dense block's filter has not all. */
const MAY_BE_VALUE = /[0-9]|^[a-f]{4}|[a-f]{4}$/;

/** The hashes of the words of texts in lower case. */
export function queryHashes(texts: readonly string[]): QueryHashes {
  const dense = texts.flatMap((text) => text.match(WORD) ?? []).filter((word) => !MAY_BE_VALUE.test(word));
  return { words: unique(texts.flatMap(wordHashes)), dense: unique(dense.flatMap(wordHashes)) };
}

function unique(hashes: number[]): number[] {
  return [...new Set(hashes)];
}
