import { lazy } from "../../../memory/lazy.ts";
import { type Keep, withBytes } from "../../../memory/read-cache.ts";
import { createScratch } from "../../../memory/scratch.ts";
import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { EACH_ITS_OWN, type Places } from "./places.ts";
import { type Indexes, openIndexes } from "./read-numbers.ts";
import { writeNumbers } from "./write-numbers.ts";

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

/** Digits on their way into a column: of each text in 32-bit numbers, eight digits in each, the first in the lowest bits. */
type Packed = { numbers: Int32Array; perText: number };

const numberScratch = createScratch((length) => new Int32Array(length));
const slotScratch = createScratch((length) => new Int32Array(length));
const firstScratch = createScratch((length) => new Uint32Array(length));
const indexScratch = createScratch((length) => new Uint32Array(length));

/** The digits of texts that start at `starts` in `bytes`; dashes in between, as in a UUID, are left out. */
function packDigits(bytes: Uint8Array, starts: ArrayLike<number>, count: number, digits: number): Packed {
  const perText = Math.ceil(digits / 8);
  const whole = digits >> 3;
  const numbers = numberScratch(count * perText);
  for (let i = 0, at = 0; i < count; i += 1) {
    let from = starts[i] as number;
    for (let n = 0; n < whole; n += 1, at += 1) {
      if (bytes[from] === DASH) from += 1;
      const low = packFour(bytes, from);
      from += 4;
      if (bytes[from] === DASH) from += 1;
      numbers[at] = low | (packFour(bytes, from) << 16);
      from += 4;
    }
    if (whole === perText) continue;
    let rest = 0;
    for (let digit = 0; digit < (digits & 7); digit += 1)
      rest |= (valueOfDigit[bytes[from + digit] as number] as number) << (digit * 4);
    numbers[at] = rest;
    at += 1;
  }
  return { numbers, perText };
}

/** The values of four digits, half a byte each. */
function packFour(bytes: Uint8Array, at: number): number {
  return (
    (valueOfDigit[bytes[at] as number] as number) |
    ((valueOfDigit[bytes[at + 1] as number] as number) << 4) |
    ((valueOfDigit[bytes[at + 2] as number] as number) << 8) |
    ((valueOfDigit[bytes[at + 3] as number] as number) << 12)
  );
}

type Indexed = { distinct: number; indexes: Uint32Array };

/** Numbers distinct texts in the order of their first occurrence; where nearly all are new, all count as new. Good until others are numbered. */
export function indexHex(bytes: Uint8Array, starts: ArrayLike<number>, count: number, digits: number): Indexed {
  return indexPacked(packDigits(bytes, starts, count, digits), count);
}

function indexPacked(packed: Packed, count: number): Indexed {
  const indexes = indexScratch(count);
  const isMostlyNew = count > TRIED && findDistinct(packed, TRIED, indexes) > MAX_TRIED_NEW;
  return { distinct: isMostlyNew ? count : findDistinct(packed, count, indexes), indexes };
}

/** Writes the texts of `digits` digits that start at `starts` in `bytes`. */
export function writeHex(bytes: Uint8Array, starts: ArrayLike<number>, count: number, digits: number, out: ByteWriter): void {
  const packed = packDigits(bytes, starts, count, digits);
  const { distinct, indexes } = indexPacked(packed, count);
  if (distinct * 4 > count * 3) {
    out.byte(EACH);
    return writePacked(packed, count, digits, out);
  }
  out.byte(DISTINCT);
  out.varint(distinct);
  const { numbers, perText } = packed;
  const firsts = new Int32Array(distinct * perText);
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    const index = indexes[i] as number;
    if (index === next) {
      for (let n = 0; n < perText; n += 1) firsts[next * perText + n] = numbers[i * perText + n] as number;
      next += 1;
      indexes[i] = 0;
    } else indexes[i] = next - index;
  }
  writePacked({ numbers: firsts, perText }, distinct, digits, out);
  writeNumbers(indexes, count, out);
}

/** Numbers the distinct values in the order of their first occurrence, and says how many there are. */
function findDistinct({ numbers, perText }: Packed, count: number, indexes: Uint32Array): number {
  let size = 16;
  while (size < count * 2) size *= 2;
  const slots = slotScratch(size).fill(-1);
  const firsts = firstScratch(count);
  let distinct = 0;
  for (let i = 0; i < count; i += 1) {
    const start = i * perText;
    let hash = 0;
    for (let at = start; at < start + perText; at += 1) {
      hash = Math.imul(hash ^ (numbers[at] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    let slot = hash & (size - 1);
    let found = slots[slot] as number;
    while (found !== -1 && !same(numbers, (firsts[found] as number) * perText, start, perText)) {
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

function same(numbers: Int32Array, a: number, b: number, perText: number): boolean {
  for (let i = 0; i < perText; i += 1) if (numbers[a + i] !== numbers[b + i]) return false;
  return true;
}

/** The first value whole, a bit for each digit that differs somewhere, and those digits of all values, two a byte. */
function writePacked({ numbers, perText }: Packed, count: number, digits: number, out: ByteWriter): void {
  const differs = new Int32Array(perText);
  for (let at = perText; at < count * perText; ) {
    for (let n = 0; n < perText; n += 1, at += 1) {
      differs[n] = (differs[n] as number) | ((numbers[at] as number) ^ (numbers[n] as number));
    }
  }
  const varying: number[] = [];
  for (let digit = 0; digit < digits; digit += 1) {
    const [n, shift] = [digit >> 3, (digit & 7) * 4];
    const isVarying = (((differs[n] as number) >>> shift) & 15) !== 0;
    if (isVarying) varying.push(digit);
    out.byte((((numbers[n] as number) >>> shift) & 15) | (isVarying ? 16 : 0));
  }
  if (varying.length === perText * 8) {
    // This is how they lie in memory already, on every machine that Bun runs on.
    return out.append(new Uint8Array(numbers.buffer, numbers.byteOffset, count * perText * 4));
  }
  const places = Uint8Array.from(varying, (digit) => digit >> 3);
  const shifts = Uint8Array.from(varying, (digit) => (digit & 7) * 4);
  const bytes = new Uint8Array(Math.ceil((count * varying.length) / 2));
  let held = 0;
  let written = 0;
  for (let i = 0, start = 0; i < count; i += 1, start += perText) {
    for (let v = 0; v < places.length; v += 1, written += 1) {
      const digit = ((numbers[start + (places[v] as number)] as number) >>> (shifts[v] as number)) & 15;
      if ((written & 1) === 0) held = digit;
      else bytes[written >> 1] = held | (digit << 4);
    }
  }
  if ((written & 1) === 1) bytes[written >> 1] = held;
  out.append(bytes);
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

/** `keep` is asked for what makes one place quick to find. */
export function readHex(reader: ByteReader, count: number, digits: number, keep: Keep): HexColumn {
  const mode = reader.byte();
  if (mode === EACH) return { texts: readNibbles(reader, count, digits), places: EACH_ITS_OWN };
  if (mode !== DISTINCT) throw new Error(`unknown encoding ${mode} of hexadecimal texts`);
  const texts = readNibbles(reader, reader.varint(), digits);
  return { texts, places: openDistances(openIndexes(reader, count), count, keep) };
}

/** So many distances are followed to find one place. */
const STRIDE = 4096;

/** The places of texts, of each of which is kept how long ago it was new. */
function openDistances(distances: Indexes, count: number, keep: Keep): Places {
  const all = lazy(() => followFrom(0, count, 0));
  /** How many texts are new before each stride. */
  const newBefore = lazy(() => keep("new", countNew));
  let held: { stride: number; places: Uint32Array } | undefined;
  let followed = 0;

  function followFrom(from: number, to: number, newBefore: number): Uint32Array {
    const places = distances.slice(from, to);
    let next = newBefore;
    for (let i = 0; i < places.length; i += 1) {
      const distance = places[i] as number;
      places[i] = next - distance;
      if (distance === 0) next += 1;
    }
    return places;
  }

  function countNew(): { value: Uint32Array; bytes: number } {
    const value = new Uint32Array(Math.ceil(count / STRIDE));
    let soFar = 0;
    for (let stride = 0; stride < value.length; stride += 1) {
      value[stride] = soFar;
      const own = distances.slice(stride * STRIDE, Math.min(count, (stride + 1) * STRIDE));
      for (let i = 0; i < own.length; i += 1) if (own[i] === 0) soFar += 1;
    }
    return withBytes(value);
  }

  return {
    all,
    at(index) {
      const stride = Math.floor(index / STRIDE);
      if (held?.stride !== stride) {
        followed += STRIDE;
        if (followed > count) return all()[index] as number;
        const to = Math.min(count, (stride + 1) * STRIDE);
        held = { stride, places: followFrom(stride * STRIDE, to, newBefore()[stride] as number) };
      }
      return held.places[index - stride * STRIDE] as number;
    },
  };
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
