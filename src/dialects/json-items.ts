import { isUtf8 } from "node:buffer";

/** Stands for an item whose text is no JSON. */
export const BROKEN = Symbol("broken");

/** The items of a body, as parsed JSON. Sniffed, whatever its Content-Type says. */
export type JsonItems = {
  items: unknown[];
  /** The same items with each number that JavaScript cannot hold exactly as the text it was sent in; made when asked for. */
  exact(index: number): unknown;
  /** Whether bytes that were not UTF-8 had to be replaced in the item. */
  replaced(index: number): boolean;
};

const OBJECT_START = 0x7b;
const NEWLINE = 0x0a;

/**
 * Reads a body that is one object, an array, `{"logs": [...]}`, or one object a line. Undefined where it is empty.
 * A body in which nothing can be told apart is one broken item; a broken line is a broken item among others.
 */
export function readJsonItems(body: Uint8Array): JsonItems | undefined {
  const utf8 = withoutByteOrderMark(body);
  const first = firstVisibleByte(utf8);
  if (first === -1) return undefined;
  const valid = isUtf8(utf8);
  if (valid && first === OBJECT_START) {
    const fast = Bun.JSONL.parseChunk(utf8);
    if (fast.error === null && isBlankFrom(utf8, fast.read)) {
      return (
        logsOf(fast.values, utf8) ?? {
          items: fast.values,
          exact: (index) => exactOf(splitLines(utf8), index, utf8),
          replaced: () => false,
        }
      );
    }
  }
  const text = decode(utf8);
  const whole = parseOrBroken(text);
  if (Array.isArray(whole)) return wholeItems(whole, text, (exact) => exact as unknown[], valid);
  if (whole !== BROKEN) {
    return logsOf([whole], utf8, valid) ?? wholeItems([whole], text, (exact) => [exact], valid);
  }
  const lines = splitLines(utf8);
  const items = lines.map((line) => parseOrBroken(decode(line)));
  if (items.every((item) => item === BROKEN)) return { items: [BROKEN], exact: () => BROKEN, replaced: () => false };
  return {
    items,
    exact: (index) => parseExactly(decode(lines[index] as Uint8Array)),
    replaced: (index) => !valid && !isUtf8(lines[index] as Uint8Array),
  };
}

/** The items of `{"logs": [...]}`; undefined where it is a record, or more than one. */
function logsOf(values: unknown[], utf8: Uint8Array, valid = true): JsonItems | undefined {
  const only = values.length === 1 ? values[0] : undefined;
  if (typeof only !== "object" || only === null || !("logs" in only) || !Array.isArray(only.logs) || "message" in only)
    return undefined;
  return wholeItems(only.logs, decode(utf8), (exact) => (exact as { logs: unknown[] }).logs, valid);
}

function wholeItems(items: unknown[], text: string, itemsOf: (exact: unknown) => unknown[], valid: boolean): JsonItems {
  let exact: unknown[] | undefined;
  return {
    items,
    exact(index) {
      exact ??= itemsOf(parseExactly(text));
      return exact[index];
    },
    // Where in the body a bad byte stood is not known: the decoder marks the records that hold a replaced character.
    replaced: () => !valid,
  };
}

/** The exact item behind one of a body of lines; values need not stand on lines of their own, though they nearly always do. */
function exactOf(lines: Uint8Array[], index: number, utf8: Uint8Array): unknown {
  const line = lines[index];
  const parsed = line === undefined ? BROKEN : parseOrBroken(decode(line));
  return parsed === BROKEN ? parseExactly(decode(utf8)) : parseExactly(decode(line as Uint8Array));
}

function parseOrBroken(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return BROKEN;
  }
}

type ReviverContext = { source?: string };

function parseExactly(text: string): unknown {
  const keepDigits = (_key: string, value: unknown, context?: ReviverContext) =>
    typeof value === "number" && !Number.isSafeInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER
      ? (context?.source ?? value)
      : value;
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}

/** Undoes a byte order mark: UTF-16 becomes UTF-8, the mark of UTF-8 goes. */
function withoutByteOrderMark(body: Uint8Array): Uint8Array {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return body.subarray(3);
  if (body[0] === 0xff && body[1] === 0xfe) return new TextEncoder().encode(new TextDecoder("utf-16le").decode(body));
  if (body[0] === 0xfe && body[1] === 0xff) return new TextEncoder().encode(new TextDecoder("utf-16be").decode(body));
  return body;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

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
