import { isInexact } from "../record/inexact-numbers.ts";

const [PLUS, MINUS, POINT, ZERO, NINE, EXPONENT] = [43, 45, 46, 48, 57, 101];

/** So many digits are the shortest that stand for their number. */
const MAX_DIGITS = 15;
/** Behind the point; what is smaller is written with an exponent. */
const MAX_LEADING_ZEROS = 5;

/** The place behind the bytes from `from` on that JSON.stringify may write in a number; none from `end` on. */
export function endOfNumber(source: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isOfNumber(source[at] as number)) at += 1;
  return at;
}

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isOfNumber(byte: number): boolean {
  return isDigit(byte) || byte === POINT || byte === MINUS || byte === EXPONENT || byte === PLUS;
}

/** Whether it is a number that JavaScript holds exactly, in the form that JSON.stringify gives it. */
export function isStringified(source: Uint8Array, from: number, to: number): boolean {
  return isShort(source, from, to) || isWritten(textOf(source, from, to));
}

function isWritten(text: string): boolean {
  const value = Number(text);
  return String(value) === text && !isInexact(value);
}

/** The same of a few digits, without making a number of them; false for some that are. */
function isShort(source: Uint8Array, from: number, to: number): boolean {
  let at = source[from] === MINUS ? from + 1 : from;
  const first = at;
  while (at < to && isDigit(source[at] as number)) at += 1;
  if (at === first || to - first > MAX_DIGITS) return false;
  const startsWithZero = source[first] === ZERO;
  // `-0` would be `0`.
  if (at === to) return !startsWithZero || to - from === 1;
  if (source[at] !== POINT || (startsWithZero && at - first > 1)) return false;
  const fraction = at + 1;
  for (at = fraction; at < to; at += 1) if (!isDigit(source[at] as number)) return false;
  if (fraction === to || source[to - 1] === ZERO) return false;
  if (!startsWithZero) return true;
  let zeros = fraction;
  while (source[zeros] === ZERO) zeros += 1;
  return zeros - fraction <= MAX_LEADING_ZEROS;
}

/** The ASCII text from `from` up to `to`. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
