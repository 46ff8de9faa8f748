import type { ByteReader, ByteWriter } from "./byte-writer.ts";
import { lazy } from "./lazy.ts";
import { writeNumbers } from "./number-column.ts";
import { EACH_ITS_OWN, type Places, placesFrom } from "./places.ts";
import { readIndexes } from "./read-numbers.ts";

/**
 * Hexadecimal texts of one length, half a byte a digit; digits that are the same in all of them are kept once. Where
 * values come again and again, each distinct one is kept once, and for each text how long ago it was new.
 */
const EACH = 0;
const DISTINCT = 1;

/** For so many texts every one may be new before it is taken for granted that the rest are new as well. */
const TRIED = 512;
const MAX_TRIED_NEW = 480;

const DASH = 0x2d;

/** The value (0..15) of each lower-case hexadecimal digit. */
const valueOfDigit = new Uint8Array(256);
const digitOfValue = new Uint8Array(16);
for (let value = 0; value < 16; value += 1) {
  digitOfValue[value] = value.toString(16).charCodeAt(0);
  valueOfDigit[digitOfValue[value] as number] = value;
}

/** The digits of texts that start at `starts` in `bytes`, as numbers, one text after another; dashes in between are left out. */
function nibblesOf(bytes: Uint8Array, starts: ArrayLike<number>, count: number, digits: number): Uint8Array {
  const nibbles = new Uint8Array(count * digits);
  for (let i = 0, at = 0; i < count; i += 1) {
    for (let from = starts[i] as number, end = at + digits; at < end; from += 1) {
      const byte = bytes[from] as number;
      if (byte === DASH) continue;
      nibbles[at] = valueOfDigit[byte] as number;
      at += 1;
    }
  }
  return nibbles;
}

/** Numbers distinct texts in the order of their first occurrence; where nearly all are new, all count as new. */
export function indexHex(
  bytes: Uint8Array,
  starts: ArrayLike<number>,
  count: number,
  digits: number,
): { distinct: number; indexes: Uint32Array } {
  return indexNibbles(nibblesOf(bytes, starts, count, digits), count, digits);
}

function indexNibbles(nibbles: Uint8Array, count: number, digits: number): { distinct: number; indexes: Uint32Array } {
  const indexes = new Uint32Array(count);
  const isMostlyNew = count > TRIED && findDistinct(nibbles, TRIED, digits, indexes) > MAX_TRIED_NEW;
  return { distinct: isMostlyNew ? count : findDistinct(nibbles, count, digits, indexes), indexes };
}

/** Writes the texts of `digits` digits that start at `starts` in `bytes`. */
export function writeHex(bytes: Uint8Array, starts: ArrayLike<number>, count: number, digits: number, out: ByteWriter): void {
  const nibbles = nibblesOf(bytes, starts, count, digits);
  const { distinct, indexes } = indexNibbles(nibbles, count, digits);
  if (distinct * 4 > count * 3) {
    out.byte(EACH);
    return writeNibbles(nibbles, count, digits, out);
  }
  out.byte(DISTINCT);
  out.varint(distinct);
  const firsts = new Uint8Array(distinct * digits);
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    const index = indexes[i] as number;
    if (index === next) {
      firsts.set(nibbles.subarray(i * digits, (i + 1) * digits), next * digits);
      next += 1;
      indexes[i] = 0;
    } else indexes[i] = next - index;
  }
  writeNibbles(firsts, distinct, digits, out);
  writeNumbers(indexes, count, out);
}

/** Numbers the distinct values in the order of their first occurrence, and says how many there are. */
function findDistinct(nibbles: Uint8Array, count: number, digits: number, indexes: Uint32Array): number {
  let size = 16;
  while (size < count * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const firsts = new Uint32Array(count);
  let distinct = 0;
  for (let i = 0; i < count; i += 1) {
    const start = i * digits;
    let hash = 0;
    for (let at = start; at < start + digits; at += 1) hash = Math.imul(hash ^ (nibbles[at] as number), 0x01000193) + 0x9e37;
    let slot = (hash ^ (hash >>> 15)) & (size - 1);
    let found = slots[slot] as number;
    while (found !== -1 && !same(nibbles, (firsts[found] as number) * digits, start, digits)) {
      slot = (slot + 1) & (size - 1);
      found = slots[slot] as number;
    }
    if (found === -1) {
      found = distinct;
      slots[slot] = distinct;
      firsts[distinct] = i;
      distinct += 1;
    }
    indexes[i] = found;
  }
  return distinct;
}

function same(nibbles: Uint8Array, a: number, b: number, digits: number): boolean {
  for (let i = 0; i < digits; i += 1) if (nibbles[a + i] !== nibbles[b + i]) return false;
  return true;
}

/** The first value whole, a bit for each digit that differs somewhere, and those digits of all values, two a byte. */
function writeNibbles(nibbles: Uint8Array, count: number, digits: number, out: ByteWriter): void {
  const differs = new Uint8Array(digits);
  for (let at = digits; at < count * digits; ) {
    for (let digit = 0; digit < digits; digit += 1, at += 1) if (nibbles[at] !== nibbles[digit]) differs[digit] = 1;
  }
  for (let digit = 0; digit < digits; digit += 1) out.byte((nibbles[digit] as number) | ((differs[digit] as number) << 4));
  const varying = [...differs.keys()].filter((digit) => differs[digit] === 1);
  const packed = new Uint8Array(Math.ceil((count * varying.length) / 2));
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    for (let v = 0; v < varying.length; v += 1) {
      const nibble = nibbles[i * digits + (varying[v] as number)] as number;
      packed[at >> 1] = (packed[at >> 1] as number) | (nibble << ((at & 1) * 4));
      at += 1;
    }
  }
  out.append(packed);
}

/** Distinct hexadecimal texts, by number. */
export type HexTexts = {
  digits: number;
  distinct: number;
  /** The digits of all of them, one after another; made when they are first asked for. */
  allDigits(): Uint8Array;
  /** Writes the digits of one of them to `to`, from `start` on. */
  copyDigits(index: number, to: Uint8Array, start: number): void;
};

export type HexColumn = { texts: HexTexts; places: Places };

export function readHex(reader: ByteReader, count: number, digits: number): HexColumn {
  const mode = reader.byte();
  if (mode === EACH) return { texts: readNibbles(reader, count, digits), places: EACH_ITS_OWN };
  if (mode !== DISTINCT) throw new Error(`unknown encoding ${mode} of hexadecimal texts`);
  const texts = readNibbles(reader, reader.varint(), digits);
  return { texts, places: placesFrom(lazy(() => readDistances(reader, count))) };
}

function readDistances(reader: ByteReader, count: number): Uint32Array {
  const indexes = readIndexes(reader, count);
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    const distance = indexes[i] as number;
    indexes[i] = next - distance;
    if (distance === 0) next += 1;
  }
  return indexes;
}

/** For each byte the two digits that are in it, the first in the lower half. */
const digitPairs = new Uint16Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  digitPairs[byte] = (digitOfValue[byte & 15] as number) | ((digitOfValue[byte >> 4] as number) << 8);
}

function readNibbles(reader: ByteReader, count: number, digits: number): HexTexts {
  const first = reader.take(digits);
  const constant = Uint8Array.from(first, (nibble) => digitOfValue[nibble & 15] as number);
  const varying = Uint8Array.from([...first.keys()].filter((digit) => (first[digit] as number) >= 16));
  const packed = reader.take(Math.ceil((count * varying.length) / 2));
  let all: Uint8Array | undefined;

  function copyTo(index: number, to: Uint8Array, start: number): void {
    if (varying.length < digits) to.set(constant, start);
    let at = index * varying.length;
    for (let v = 0; v < varying.length; v += 1) {
      const nibble = ((packed[at >> 1] as number) >> ((at & 1) * 4)) & 15;
      to[start + (varying[v] as number)] = digitOfValue[nibble] as number;
      at += 1;
    }
  }

  function unpack(): Uint8Array {
    if (varying.length === digits && digits % 2 === 0) {
      // Pairs are written lowest byte first, as every machine that Bun runs on has them.
      const pairs = new Uint16Array(packed.length);
      for (let i = 0; i < pairs.length; i += 1) pairs[i] = digitPairs[packed[i] as number] as number;
      return new Uint8Array(pairs.buffer);
    }
    const text = new Uint8Array(count * digits);
    for (let i = 0; i < count; i += 1) copyTo(i, text, i * digits);
    return text;
  }

  return {
    digits,
    distinct: count,
    allDigits() {
      all ??= unpack();
      return all;
    },
    copyDigits: copyTo,
  };
}
