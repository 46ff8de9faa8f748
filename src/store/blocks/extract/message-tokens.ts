import { createScratch } from "../../../memory/scratch.ts";
import { MAX_HEX_DIGITS, MAX_NUMBER_DIGITS, MIN_HEX_DIGITS, SLOT, UUID_BYTES } from "../column/value-kind.ts";
import { createSkeletonTable, type SkeletonTable } from "./skeleton-table.ts";

/**
 * Texts taken apart into what stays the same and what differs, after CLP (Rodrigues et al., OSDI 2021): words without
 * digits are the skeleton's, words with digits are values in its slots, and so are phrases where these are taken out.
 */
export type Tokens = {
  skeletons: SkeletonTable;
  /** For each row the number of its skeleton. */
  skeletonOfRow: Uint32Array;
  /** For each row where its values start in the following arrays, and one more entry for the end of all. */
  firstValue: Uint32Array;
  /** A number's value; of any other value where its bytes start. */
  values: Float64Array;
  /** How many bytes the value takes in the text. */
  lengths: Uint32Array;
};

const DIGIT = 1;
const HEX_LETTER = 2;
const LETTER = 4;
const BEYOND_ASCII = 8;

/** What a byte is in a word; 0 where it parts words. Anything beyond ASCII counts as a letter. */
const classes = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  const character = String.fromCharCode(byte);
  if (/[0-9]/.test(character)) classes[byte] = DIGIT;
  else if (/[a-f]/.test(character)) classes[byte] = HEX_LETTER;
  else if (/[A-Za-z]/.test(character)) classes[byte] = LETTER;
  else if (byte >= 0x80) classes[byte] = LETTER | BEYOND_ASCII;
}

/** A word such as `web01` or `v2x3` is letters with numbers between them; one with more to it is a value as a whole. */
const MAX_MIXED_BYTES = 16;
const MAX_MIXED_NUMBERS = 2;
const DASH = 0x2d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;

/** A message with more of them is a document: a column for each would cost far more than it saves. */
const MAX_PHRASES = 32;

/** What ends a path; none of it is beyond ASCII, so that no character is parted. */
const endsPath = new Uint8Array(256);
for (const character of " \t\n\r\v\f\"'()[]{}<>,;|") endsPath[character.charCodeAt(0)] = 1;

export const valueScratch = createScratch((length) => new Float64Array(length));
export const lengthScratch = createScratch((length) => new Uint32Array(length));
export const skeletonScratch = createScratch((length) => new Uint32Array(length));
export const firstValueScratch = createScratch((length) => new Uint32Array(length));
const skeletons = createSkeletonTable();

/**
 * `offsets` say where in `bytes` (UTF-8) each row's text starts, with one more entry for the end. What it gives is good
 * until other texts are taken apart; the skeletons until other messages are.
 */
export function tokenizeMessages(bytes: Uint8Array, offsets: Uint32Array): Tokens {
  const rows = offsets.length - 1;
  skeletons.clear();
  const tokens: Tokens = {
    skeletons,
    skeletonOfRow: skeletonScratch(rows),
    firstValue: firstValueScratch(rows + 1),
    values: valueScratch(rows * 8),
    lengths: lengthScratch(rows * 8),
  };
  tokens.firstValue[rows] = 0;
  return takeApart(bytes, offsets, tokens, NO_ROWS, false);
}

/** Whether a skeleton has what phrases are taken out by. */
export function mayHavePhrases(skeleton: Uint8Array): boolean {
  return skeleton.includes(QUOTE) || skeleton.includes(SLASH);
}

/**
 * Takes some of the rows of `tokens` apart anew, with each phrase as one value: what stands between quotes, and a path. Such
 * are requests, addresses and the names of browsers, which differ in more than their numbers. The other rows stay as they are.
 */
export function tokenizePhrases(bytes: Uint8Array, offsets: Uint32Array, tokens: Tokens, rows: Uint32Array): Tokens {
  return takeApart(bytes, offsets, tokens, rows, true);
}

const NO_ROWS = new Uint32Array();

/** Of all rows, or of `some` of them again with their `phrases`: then the values come behind those that there are. */
function takeApart(bytes: Uint8Array, offsets: Uint32Array, tokens: Tokens, some: Uint32Array, phrases: boolean): Tokens {
  const { skeletonOfRow, firstValue } = tokens;
  const rows = offsets.length - 1;
  const rowsToTake = phrases ? some.length : rows;
  let { values, lengths } = tokens;
  let count = firstValue[rows] as number;

  for (let i = 0; i < rowsToTake; i += 1) {
    const row = phrases ? (some[i] as number) : i;
    const rowStart = offsets[row] as number;
    const end = offsets[row + 1] as number;
    let at = rowStart;
    // Each slot of a skeleton is at most as long as what it stands for, but for the count behind a hexadecimal one.
    const skeleton = skeletons.draft((end - at) * 2);
    // A value takes a byte at least, and something lies between two of them.
    if (values.length < count + (end - at)) {
      values = valueScratch((count + (end - at)) * 2);
      lengths = lengthScratch(values.length);
    }
    firstValue[row] = count;
    let length = 0;
    let phrasesLeft = phrases ? MAX_PHRASES : 0;
    let mayQuote = true;
    while (at < end) {
      const byte = bytes[at] as number;
      let seen = classes[byte] as number;
      if (seen === 0) {
        skeleton[length] = byte;
        length += 1;
        at += 1;
        if (phrasesLeft === 0) continue;
        let phraseStart = at;
        if (byte === QUOTE && mayQuote) {
          const close = endOfQuoted(bytes, at, end);
          // Where one is not closed none is any more: to look again for each would take too long.
          mayQuote = close >= 0;
          if (mayQuote) at = close;
        } else if (byte === SLASH && (at - 1 === rowStart || classes[bytes[at - 2] as number] === 0)) {
          phraseStart -= 1;
          length -= 1;
          while (at < end && endsPath[bytes[at] as number] === 0) at += 1;
        }
        if (at > phraseStart) {
          values[count] = phraseStart;
          lengths[count] = at - phraseStart;
          count += 1;
          skeleton[length] = SLOT.phrase;
          length += 1;
          phrasesLeft -= 1;
        }
        // The quote at its end begins no other.
        if (byte === QUOTE && mayQuote) {
          skeleton[length] = QUOTE;
          length += 1;
          at += 1;
        }
        continue;
      }
      // A word: taken for one without digits until there is one.
      const wordStart = at;
      const lengthBefore = length;
      for (let unit = byte, unitClass = seen; ; ) {
        seen |= unitClass;
        skeleton[length] = unit;
        length += 1;
        at += 1;
        if (at === end) break;
        unit = bytes[at] as number;
        unitClass = classes[unit] as number;
        if (unitClass === 0) break;
      }
      if ((seen & DIGIT) === 0) continue;
      const wordBytes = at - wordStart;
      // What lies beyond ASCII may part words: it is in no value but a phrase, so that words without digits are in skeletons and phrases only.
      if ((seen & BEYOND_ASCII) !== 0 && !isMixed(bytes, wordStart, at)) continue;
      length = lengthBefore;
      let kind: number = SLOT.text;
      if ((seen & LETTER) === 0 && wordBytes >= MIN_HEX_DIGITS && wordBytes <= MAX_HEX_DIGITS) {
        kind = seen === DIGIT && wordBytes <= MAX_NUMBER_DIGITS ? SLOT.number : SLOT.hex;
        if (wordBytes === MIN_HEX_DIGITS && bytes[at] === DASH && isUuid(bytes, wordStart, end)) {
          kind = SLOT.uuid;
          at = wordStart + UUID_BYTES;
        }
      } else if (seen === DIGIT && wordBytes <= MAX_NUMBER_DIGITS) kind = SLOT.number;
      else if (isMixed(bytes, wordStart, at)) {
        for (let i = wordStart; i < at; ) {
          const unit = bytes[i] as number;
          if (classes[unit] !== DIGIT) {
            skeleton[length] = unit;
            length += 1;
            i += 1;
            continue;
          }
          const start = i;
          while (i < at && classes[bytes[i] as number] === DIGIT) i += 1;
          values[count] = readNumber(bytes, start, i);
          lengths[count] = i - start;
          count += 1;
          skeleton[length] = SLOT.number;
          length += 1;
        }
        continue;
      }
      values[count] = kind === SLOT.number ? readNumber(bytes, wordStart, at) : wordStart;
      lengths[count] = at - wordStart;
      count += 1;
      skeleton[length] = kind;
      length += 1;
      if (kind === SLOT.hex) {
        skeleton[length] = wordBytes;
        length += 1;
      }
    }
    skeletonOfRow[row] = skeletons.intern(length);
  }
  firstValue[rows] = count;
  return { skeletons, skeletonOfRow, firstValue, values, lengths };
}

/** Where the quote stands that ends what starts at `start`; -1 where there is none. */
function endOfQuoted(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return -1;
}

export function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i += 1) value = value * 10 + (bytes[i] as number) - 48;
  return value;
}

/** Whether a word is letters with a few numbers between them. */
function isMixed(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_MIXED_BYTES) return false;
  let numbers = 0;
  let before = 0;
  for (let i = start; i < end; i += 1) {
    const unitClass = classes[bytes[i] as number] as number;
    if (unitClass === DIGIT && before !== DIGIT) numbers += 1;
    before = unitClass;
  }
  return numbers <= MAX_MIXED_NUMBERS;
}

/** Whether a UUID in lower case stands at `start`, as a word of its own. */
export function isUuid(bytes: Uint8Array, start: number, end: number): boolean {
  if (start + UUID_BYTES > end) return false;
  for (let i = 0; i < UUID_BYTES; i += 1) {
    const unit = bytes[start + i] as number;
    if (
      i === 8 || i === 13 || i === 18 || i === 23
        ? unit !== DASH
        : (classes[unit] as number) === 0 || ((classes[unit] as number) & LETTER) !== 0
    ) {
      return false;
    }
  }
  return start + UUID_BYTES === end || classes[bytes[start + UUID_BYTES] as number] === 0;
}
