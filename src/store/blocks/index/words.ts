/**
 * What a word is, for indexing and for matching alike: a run of letters, digits and underscores. Scripts that are
 * written without spaces (Chinese, Japanese, Thai ...), and symbols such as emoji, have each unit stand for itself.
 */
export const SEPARATOR = 0;
export const IN_WORD = 1;
export const ALONE = 2;

const asciiClass = new Uint8Array(128);
for (let code = 0; code < 128; code += 1) asciiClass[code] = /[A-Za-z0-9_]/.test(String.fromCharCode(code)) ? IN_WORD : SEPARATOR;

let unicodeClass: Uint8Array | undefined;

function buildUnicodeClass(): Uint8Array {
  const classes = new Uint8Array(0x10000);
  const letter = /[\p{L}\p{N}\p{M}]/u;
  const spaceless =
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
  for (let code = 128; code < 0x10000; code += 1) {
    const text = String.fromCharCode(code);
    // Half of a surrogate pair is a unit of its own: astral letters and emoji match unit by unit.
    if (code >= 0xd800 && code <= 0xdfff) classes[code] = ALONE;
    else if (spaceless.test(text)) classes[code] = ALONE;
    else classes[code] = letter.test(text) ? IN_WORD : SEPARATOR;
  }
  return classes;
}

export function classOfUnit(unit: number): number {
  if (unit < 128) return asciiClass[unit] as number;
  unicodeClass ??= buildUnicodeClass();
  return unicodeClass[unit] as number;
}

/** Text in the form in which case makes no difference. Of the same length, unit by unit, so that offsets stay true. */
export function foldCase(text: string): string {
  const folded = text.toLowerCase();
  // Only the dotted capital I grows in lower case; the final sigma is the one letter whose lower case depends on its place.
  if (folded.length !== text.length) return foldCase(text.replaceAll("İ", "I"));
  return folded.includes("ς") ? folded.replaceAll("ς", "σ") : folded;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const BACKSLASH = 92;
const SMALL_U = 117;

/** For each ASCII code its folded code where it is part of a word, else 0. */
const foldedInWord = new Uint8Array(128);
for (let code = 0; code < 128; code += 1) {
  if (asciiClass[code] === IN_WORD) foldedInWord[code] = foldCase(String.fromCharCode(code)).charCodeAt(0);
}

let foldedUnits: Uint16Array | undefined;

function buildFoldedUnits(): Uint16Array {
  return Uint16Array.from({ length: 0x10000 }, (_, code) => foldCase(String.fromCharCode(code)).charCodeAt(0));
}

/**
 * Calls `take` with a 32-bit hash (FNV-1a over folded UTF-16 units) of each word of the texts that lie one after another
 * in `utf8`; `lengths` are theirs in UTF-16 units. With `json` they are JSON: an escape such as `\n` or `\u001b` always
 * stands for a unit that separates words.
 */
export function hashWords(utf8: Uint8Array, lengths: ArrayLike<number>, json: boolean, take: (hash: number) => void): void {
  let at = 0;
  for (let row = 0; row < lengths.length; row += 1) {
    let hash = FNV_OFFSET;
    let inWord = false;
    for (let left = lengths[row] as number; left > 0; ) {
      const byte = utf8[at] as number;
      if (byte < 128) {
        at += 1;
        left -= 1;
        const folded = foldedInWord[byte] as number;
        if (folded !== 0) {
          hash = Math.imul(hash ^ folded, FNV_PRIME);
          inWord = true;
          continue;
        }
        if (json && byte === BACKSLASH) {
          const escaped = utf8[at] === SMALL_U ? 5 : 1;
          at += escaped;
          left -= escaped;
        }
      } else if (byte < 0xf0) {
        const unit = byte < 0xe0 ? readTwo(utf8, at) : readThree(utf8, at);
        at += byte < 0xe0 ? 2 : 3;
        left -= 1;
        const unitClass = classOfUnit(unit);
        foldedUnits ??= buildFoldedUnits();
        const folded = foldedUnits[unit] as number;
        if (unitClass === IN_WORD) {
          hash = Math.imul(hash ^ folded, FNV_PRIME);
          inWord = true;
          continue;
        }
        if (unitClass === ALONE) take(Math.imul(FNV_OFFSET ^ folded, FNV_PRIME) >>> 0);
      } else {
        const folded = foldCase(String.fromCodePoint(readFour(utf8, at)));
        at += 4;
        left -= 2;
        for (const index of [0, 1]) take(Math.imul(FNV_OFFSET ^ folded.charCodeAt(index), FNV_PRIME) >>> 0);
      }
      if (inWord) take(hash >>> 0);
      inWord = false;
      hash = FNV_OFFSET;
    }
    if (inWord) take(hash >>> 0);
  }
}

function readTwo(utf8: Uint8Array, at: number): number {
  return (((utf8[at] as number) & 0x1f) << 6) | ((utf8[at + 1] as number) & 0x3f);
}

function readThree(utf8: Uint8Array, at: number): number {
  return (((utf8[at] as number) & 0x0f) << 12) | (((utf8[at + 1] as number) & 0x3f) << 6) | ((utf8[at + 2] as number) & 0x3f);
}

function readFour(utf8: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = utf8.subarray(at, at + 4);
  return ((a & 0x07) << 18) | ((b & 0x3f) << 12) | ((c & 0x3f) << 6) | (d & 0x3f);
}

const encoder = new TextEncoder();

/** The hashes of the words of one text, each once. */
export function wordHashes(text: string): number[] {
  const hashes = new Set<number>();
  hashWords(encoder.encode(text), [text.length], false, (hash) => hashes.add(hash));
  return [...hashes];
}
