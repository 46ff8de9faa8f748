import { isUtf8 } from "node:buffer";
import { quoteInexactNumbers } from "./inexact-numbers.ts";

/** Stands for an item whose text is no JSON. */
export const BROKEN = Symbol("broken");

/** The items of a body, as parsed JSON. Sniffed, whatever its Content-Type says. */
export type JsonItems = {
  items: unknown[];
  /** An item with each number that JavaScript cannot hold exactly as the text it was sent in. */
  exact(index: number): unknown;
  /** Whether bytes that were not UTF-8 had to be replaced by U+FFFD somewhere in the body. */
  replaced: boolean;
};

const OBJECT_START = 0x7b;
const ARRAY_START = 0x5b;
const NEWLINE = 0x0a;

/**
 * Reads a body that is one object, an array, `{"logs": [...]}`, or one object a line. Undefined where it is empty.
 * A body in which nothing can be told apart is one broken item; a broken line is a broken item among others.
 */
export function readJsonItems(body: Uint8Array): JsonItems | undefined {
  const utf8 = withoutByteOrderMark(body);
  if (firstVisibleByte(utf8) === -1) return undefined;
  const valid = isUtf8(utf8);
  let exactItems: unknown[] | undefined;
  return {
    items: parseItems(utf8, valid),
    exact(index) {
      exactItems ??= parseItems(new TextEncoder().encode(quoteInexactNumbers(decoder.decode(utf8))), true);
      return exactItems[index];
    },
    replaced: !valid,
  };
}

function parseItems(utf8: Uint8Array, valid: boolean): unknown[] {
  const first = firstVisibleByte(utf8);
  if (valid && first === OBJECT_START) {
    const { values, read, error } = Bun.JSONL.parseChunk(utf8);
    if (error === null && isBlankFrom(utf8, read)) return unwrapLogs(values);
  }
  const whole = parseOrBroken(utf8);
  if (Array.isArray(whole)) return whole;
  if (whole !== BROKEN) return unwrapLogs([whole]);
  // Of an array that is cut short, no line stands for itself.
  const items = first === ARRAY_START ? [] : splitLines(utf8).map(parseOrBroken);
  return items.every((item) => item === BROKEN) ? [BROKEN] : items;
}

/** The items of `{"logs": [...]}`, which has no message of its own. */
function unwrapLogs(values: unknown[]): unknown[] {
  const only = values.length === 1 ? values[0] : undefined;
  if (typeof only !== "object" || only === null || !("logs" in only) || "message" in only) return values;
  return Array.isArray(only.logs) ? only.logs : values;
}

function parseOrBroken(utf8: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(utf8));
  } catch {
    return BROKEN;
  }
}

/** Undoes a byte order mark: UTF-16 becomes UTF-8, the mark of UTF-8 goes. */
function withoutByteOrderMark(body: Uint8Array): Uint8Array {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return body.subarray(3);
  if (body[0] === 0xff && body[1] === 0xfe) return new TextEncoder().encode(new TextDecoder("utf-16le").decode(body));
  if (body[0] === 0xfe && body[1] === 0xff) return new TextEncoder().encode(new TextDecoder("utf-16be").decode(body));
  return body;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function firstVisibleByte(bytes: Uint8Array): number {
  for (const byte of bytes) if (!isSpace(byte)) return byte;
  return -1;
}

function isBlankFrom(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at += 1) if (!isSpace(bytes[at] as number)) return false;
  return true;
}

/** The lines that are not blank. */
function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.subarray(start, end);
    if (firstVisibleByte(line) !== -1) lines.push(line);
    start = end + 1;
  }
  return lines;
}
