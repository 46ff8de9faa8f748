import type { Needle } from "../compile/needle.ts";
import { foldCase } from "../index/words.ts";
import type { KeptPage } from "../template/verbatim-texts.ts";
import { findInAscii } from "./find-in-ascii.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The two letters of ASCII to which one beyond it folds, the sign of Kelvin and the dotted I, and the UTF-8 of that, a unit a byte. */
const FOLDED_TO_ASCII = [
  { folded: "k", bytes: bytesOf("\u212a") },
  { folded: "i", bytes: bytesOf("\u0130") },
];

/**
 * Calls `take` with each text of a page in which the needle occurs, and its place on the page. Of a needle that is ASCII, or
 * looked for as it is written, the bytes are searched: what is not found need not be decoded.
 */
export function findTexts(
  { text: wanted, folded }: Needle,
  { utf8, offsets }: KeptPage,
  take: (index: number, text: string) => void,
): void {
  const bytes = utf8.toString("latin1");
  const wantedBytes = bytesOf(wanted);
  const isUnsure = (letter: { folded: string; bytes: string }) => wanted.includes(letter.folded) && bytes.includes(letter.bytes);
  const isFoldedInBytes = wantedBytes.length === wanted.length && !FOLDED_TO_ASCII.some(isUnsure);
  if (folded && !isFoldedInBytes) return findFolded();
  const findFrom = (from: number) => (folded ? findInAscii(wanted, bytes, from) : bytes.indexOf(wantedBytes, from));
  let index = 0;
  for (let at = findFrom(0); at >= 0; ) {
    while ((offsets[index + 1] as number) <= at) index += 1;
    const end = offsets[index + 1] as number;
    if (at + wantedBytes.length <= end) {
      take(index, textAt(index));
      at = findFrom(end);
    } else at = findFrom(at + 1);
  }

  function findFolded(): void {
    for (let index = 0; index + 1 < offsets.length; index += 1) {
      const text = textAt(index);
      if (foldCase(text).includes(wanted)) take(index, text);
    }
  }

  function textAt(index: number): string {
    return decoder.decode(utf8.subarray(offsets[index], offsets[index + 1]));
  }
}

function bytesOf(text: string): string {
  return Buffer.from(encoder.encode(text)).toString("latin1");
}
