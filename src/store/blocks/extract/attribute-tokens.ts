import { MAX_HEX_DIGITS, MAX_NUMBER_DIGITS, MIN_HEX_DIGITS, SLOT, UUID_BYTES } from "../column/value-kind.ts";
import {
  firstValueScratch,
  isUuid,
  lengthScratch,
  readNumber,
  skeletonScratch,
  type Tokens,
  valueScratch,
} from "./message-tokens.ts";
import { createSkeletonTable } from "./skeleton-table.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const ZERO = 0x30;
const NINE = 0x39;

const LITERAL_STARTS = [0x6e, 0x66, 0x74];
const LITERAL_BYTES = ["null", "false", "true"].map((text) => new TextEncoder().encode(text));

const skeletons = createSkeletonTable();

/**
 * JSON texts of objects taken apart into their shapes and their values: keys and what holds them together are the
 * skeleton's, each value is in a slot; an array is a value as a whole. What is no JSON is the skeleton's: it comes back
 * byte by byte all the same. `offsets` are as for messages.
 */
export function tokenizeAttributes(bytes: Uint8Array, offsets: Uint32Array): Tokens {
  const rows = offsets.length - 1;
  skeletons.clear();
  const skeletonOfRow = skeletonScratch(rows);
  const firstValue = firstValueScratch(rows + 1);
  let values = valueScratch(rows * 4);
  let lengths = lengthScratch(rows * 4);
  let count = 0;
  let skeleton = skeletons.draft(0);
  let length = 0;

  function copy(from: number, to: number): void {
    for (let i = from; i < to; i += 1) {
      skeleton[length] = bytes[i] as number;
      length += 1;
    }
  }

  function put(kind: number, value: number, byteLength: number): void {
    values[count] = value;
    lengths[count] = byteLength;
    count += 1;
    skeleton[length] = kind;
    length += 1;
    if (kind !== SLOT.hex) return;
    skeleton[length] = byteLength;
    length += 1;
  }

  for (let row = 0; row < rows; row += 1) {
    const end = offsets[row + 1] as number;
    let at = offsets[row] as number;
    firstValue[row] = count;
    length = 0;
    skeleton = skeletons.draft((end - at) * 2);
    if (values.length < count + (end - at)) {
      values = valueScratch((count + (end - at)) * 2);
      lengths = lengthScratch(values.length);
    }
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        const close = endOfString(bytes, at + 1, end);
        if (close === end || bytes[close + 1] === COLON) {
          const next = Math.min(close + 2, end);
          copy(at, next);
          at = next;
          continue;
        }
        copy(at, at + 1);
        put(kindOfString(bytes, at + 1, close), at + 1, close - at - 1);
        copy(close, close + 1);
        at = close + 1;
      } else if (byte >= ZERO && byte <= NINE) {
        const close = endOfScalar(bytes, at, end);
        if (isWholeNumber(bytes, at, close)) put(SLOT.number, readNumber(bytes, at, close), close - at);
        else put(SLOT.text, at, close - at);
        at = close;
      } else if (byte === OPEN_ARRAY) {
        const close = endOfArray(bytes, at, end);
        put(SLOT.text, at, close - at);
        at = close;
      } else if (byte === OPEN_OBJECT || byte === CLOSE_OBJECT || byte === COMMA) {
        copy(at, at + 1);
        at += 1;
      } else {
        const close = Math.max(endOfScalar(bytes, at, end), at + 1);
        const literal = LITERAL_STARTS.indexOf(byte);
        if (literal >= 0 && equals(bytes, at, close, LITERAL_BYTES[literal] as Uint8Array))
          put(SLOT.literal, literal, close - at);
        else put(SLOT.text, at, close - at);
        at = close;
      }
    }
    skeletonOfRow[row] = skeletons.intern(length);
  }
  firstValue[rows] = count;
  return { skeletons, skeletonOfRow, firstValue, values, lengths };
}

/** Where the quote stands that ends the string whose text starts at `start`; `end` where there is none. */
function endOfString(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return end;
}

function endOfScalar(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) if (bytes[at] === COMMA || bytes[at] === CLOSE_OBJECT) return at;
  return end;
}

/** Behind the bracket that closes the array which opens at `start`. */
function endOfArray(bytes: Uint8Array, start: number, end: number): number {
  let open = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at + 1, end);
    else if (byte === OPEN_ARRAY) open += 1;
    else if (byte === CLOSE_ARRAY) {
      open -= 1;
      if (open === 0) return at + 1;
    }
  }
  return end;
}

function isWholeNumber(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_NUMBER_DIGITS || (bytes[start] === ZERO && end - start > 1)) return false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte < ZERO || byte > NINE) return false;
  }
  return true;
}

/** Hexadecimal digits with a decimal one among them, a UUID, or any text. */
function kindOfString(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < MIN_HEX_DIGITS || length > MAX_HEX_DIGITS) return SLOT.text;
  if (length === UUID_BYTES && isUuid(bytes, start, end)) return SLOT.uuid;
  let decimal = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= ZERO && byte <= NINE) decimal = true;
    else if (byte < 0x61 || byte > 0x66) return SLOT.text;
  }
  return decimal ? SLOT.hex : SLOT.text;
}

function equals(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i += 1) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}
