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

/**
 * Calls `take` with a 32-bit hash (FNV-1a over UTF-16 units) of each word of `folded` between `start` and `end`.
 * With `json`, the text is JSON: an escape such as `\n` or `\u001b` always stands for a unit that separates words.
 */
export function forEachWordHash(folded: string, start: number, end: number, json: boolean, take: (hash: number) => void): void {
  let hash = FNV_OFFSET;
  let inWord = false;
  for (let at = start; at < end; at += 1) {
    const unit = folded.charCodeAt(at);
    const unitClass = unit < 128 ? (asciiClass[unit] as number) : classOfUnit(unit);
    if (unitClass === IN_WORD) {
      hash = Math.imul(hash ^ unit, FNV_PRIME);
      inWord = true;
      continue;
    }
    if (inWord) take(hash >>> 0);
    inWord = false;
    hash = FNV_OFFSET;
    if (unitClass === ALONE) take(Math.imul(FNV_OFFSET ^ unit, FNV_PRIME) >>> 0);
    else if (json && unit === 92) at += folded.charCodeAt(at + 1) === 117 ? 5 : 1;
  }
  if (inWord) take(hash >>> 0);
}

/** The hashes of the words of one text, each once. */
export function wordHashes(folded: string): number[] {
  const hashes = new Set<number>();
  forEachWordHash(folded, 0, folded.length, false, (hash) => hashes.add(hash));
  return [...hashes];
}
