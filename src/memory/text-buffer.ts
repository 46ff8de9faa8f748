/** UTF-8 written piece by piece into memory that grows, and is used again after `length` was set to 0. */
export type TextBuffer = { bytes: Uint8Array; length: number };

/** Longer pieces are copied by the engine; of shorter ones the call would cost more than the copy. */
const SHORT_BYTES = 20;
/** Unlike `set`, it needs no view of its own for a part. */
const { copy } = Buffer.prototype;

const ZERO = 48;

export function createTextBuffer(capacity = 1 << 12): TextBuffer {
  return { bytes: new Uint8Array(capacity), length: 0 };
}

/** Makes room for so many bytes more, and gives the place where they go. */
export function reserve(buffer: TextBuffer, more: number): number {
  const { bytes, length } = buffer;
  if (length + more > bytes.length) {
    buffer.bytes = new Uint8Array(Math.max(bytes.length * 2, length + more));
    buffer.bytes.set(bytes.subarray(0, length));
  }
  return length;
}

/** Puts the bytes from `start` up to `end` of a piece behind what is there. */
export function putBytes(buffer: TextBuffer, piece: Uint8Array, start = 0, end = piece.length): void {
  let at = reserve(buffer, end - start);
  const { bytes } = buffer;
  if (end - start > SHORT_BYTES) copy.call(piece as Buffer, bytes, at, start, end);
  else for (let i = start; i < end; i += 1, at += 1) bytes[at] = piece[i] as number;
  buffer.length += end - start;
}

/** The four digits of each number below 10,000. */
const fourDigits = new Uint8Array(40_000);
for (let value = 0; value < 10_000; value += 1) {
  for (let place = 3, rest = value; place >= 0; place -= 1, rest = Math.floor(rest / 10)) {
    fourDigits[value * 4 + place] = ZERO + (rest % 10);
  }
}

/** Puts a whole number from 0 up to 2^53, with zeros before it where it has fewer digits than `width`. */
export function putDecimal(buffer: TextBuffer, value: number, width = 1): void {
  if (value >= 10_000 || width > 4) {
    const high = Math.floor(value / 10_000);
    putDecimal(buffer, high, Math.max(1, width - 4));
    return putFourDigits(buffer, value - high * 10_000, 4);
  }
  const digits = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
  putFourDigits(buffer, value, Math.max(width, digits));
}

/** Puts the last so many of the four digits of a number below 10,000. */
function putFourDigits(buffer: TextBuffer, value: number, digits: number): void {
  let at = reserve(buffer, digits);
  const { bytes } = buffer;
  const end = value * 4 + 4;
  for (let from = end - digits; from < end; from += 1, at += 1) bytes[at] = fourDigits[from] as number;
  buffer.length = at;
}

const encoder = new TextEncoder();

export function putText(buffer: TextBuffer, text: string): void {
  const at = reserve(buffer, text.length * 3);
  buffer.length += encoder.encodeInto(text, buffer.bytes.subarray(at)).written;
}

/** How a byte stands in a JSON string, where not as itself. */
const escapes: (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return undefined;
  const character = String.fromCharCode(byte);
  const escaped = JSON.stringify(character).slice(1, -1);
  return escaped === character ? undefined : encoder.encode(escaped);
});

/** Whether UTF-8 stands inside a JSON string otherwise than as it is. */
export function needsEscapes(utf8: Uint8Array): boolean {
  for (let at = 0; at < utf8.length; at += 1) if (escapes[utf8[at] as number] !== undefined) return true;
  return false;
}

/** Puts UTF-8 as it stands inside a JSON string. */
export function putEscaped(buffer: TextBuffer, utf8: Uint8Array, start = 0, end = utf8.length): void {
  let from = start;
  for (let at = start; at < end; at += 1) {
    const escaped = escapes[utf8[at] as number];
    if (escaped === undefined) continue;
    putBytes(buffer, utf8, from, at);
    putBytes(buffer, escaped);
    from = at + 1;
  }
  putBytes(buffer, utf8, from, end);
}

/** A copy of what was put there. */
export function takeBytes({ bytes, length }: TextBuffer): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}
