import { isUtf8 } from "node:buffer";
import { isInexact } from "../../src/dialects/record/inexact-numbers.ts";
import { createRecordDecoder } from "../../src/dialects/record/record-decoder.ts";
import type { RecordErrorCode } from "../../src/schema/record.ts";
import type { RecordBatchBuilder } from "../../src/store/record-batch.ts";

/**
 * The items of a body read as a whole, by `JSON.parse`, with no regard to time and memory: what the collector reads step by
 * step is to be the same. Of a name that occurs twice in an object it keeps the last value, unlike the collector.
 */

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

const ARRAY_START = 0x5b;

/**
 * Reads a body that is one object, an array, `{"logs": [...]}`, or one object a line. Undefined where it is empty.
 * A body in which nothing can be told apart is one broken item; a broken line is a broken item among others.
 */
export function readJsonItems(body: Uint8Array): JsonItems | undefined {
  const utf8 = withoutByteOrderMark(body);
  if (firstVisibleByte(utf8) === -1) return undefined;
  let exactItems: unknown[] | undefined;
  return {
    items: parseItems(utf8),
    exact(index) {
      exactItems ??= parseItems(new TextEncoder().encode(quoteInexactNumbers(decoder.decode(utf8))));
      return exactItems[index];
    },
    replaced: !isUtf8(utf8),
  };
}

function parseItems(utf8: Uint8Array): unknown[] {
  if (firstVisibleByte(utf8) === ARRAY_START) {
    const whole = parseOrBroken(decoder.decode(utf8));
    // Of an array that is cut short, no line stands for itself.
    return Array.isArray(whole) ? whole : [BROKEN];
  }
  // Line by line: a broken one needs no second attempt.
  const items: unknown[] = [];
  for (const line of decoder.decode(utf8).split("\n")) {
    const item = parseOrBroken(line);
    if (item !== BROKEN) items.push(item);
    else if (line.trim() !== "") {
      const whole = items.length === 0 ? parseSpread(utf8) : undefined;
      if (whole !== undefined) return unwrapLogs(whole);
      items.push(BROKEN);
    }
  }
  return items.every((item) => item === BROKEN) ? [BROKEN] : unwrapLogs(items);
}

/** The objects of a body in which one takes several lines; undefined where that is not what it is. */
function parseSpread(utf8: Uint8Array): unknown[] | undefined {
  const whole = parseOrBroken(decoder.decode(utf8));
  if (whole !== BROKEN) return [whole];
  const { values, read, error } = Bun.JSONL.parseChunk(utf8);
  return error === null && isBlankFrom(utf8, read) ? values : undefined;
}

/** The items of `{"logs": [...]}`. An object with anything beside `logs` is a record: none of it may get lost. */
function unwrapLogs(values: unknown[]): unknown[] {
  const only = values.length === 1 ? values[0] : undefined;
  if (typeof only !== "object" || only === null || !("logs" in only)) return values;
  return Array.isArray(only.logs) && Object.keys(only).length === 1 ? only.logs : values;
}

function parseOrBroken(text: string): unknown {
  try {
    return JSON.parse(text);
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

const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const NUMBER = /-?\d[\d.eE+-]*/y;

/**
 * JSON text with each number that JavaScript cannot hold exactly put in quotes. What is no JSON stays no JSON; a line of
 * NDJSON with a quote too many does not spoil the next one, since no JSON string goes on over the end of a line.
 */
function quoteInexactNumbers(json: string): string {
  let quoted = "";
  let copied = 0;
  for (let at = 0; at < json.length; ) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) {
      at = endOfString(json, at + 1);
      continue;
    }
    NUMBER.lastIndex = at;
    const number = unit === 45 || (unit >= 48 && unit <= 57) ? NUMBER.exec(json)?.[0] : undefined;
    if (number !== undefined && isInexact(Number(number))) {
      quoted += `${json.slice(copied, at)}"${number}"`;
      copied = at + number.length;
    }
    at += number?.length ?? 1;
  }
  return quoted + json.slice(copied);
}

function endOfString(json: string, start: number): number {
  for (let at = start; at < json.length; at += 1) {
    const unit = json.charCodeAt(at);
    if (unit === BACKSLASH) at += 1;
    else if (unit === QUOTE || unit === NEWLINE) return at + 1;
  }
  return json.length;
}

/** The answer and the records of a body in which no name occurs twice in an object. */
export function decodeReference(body: Uint8Array, service: string | undefined, batch: RecordBatchBuilder) {
  const found = readJsonItems(body);
  if (found === undefined) return undefined;
  const decoder = createRecordDecoder();
  const refusals: { index: number; code: RecordErrorCode }[] = [];
  for (const [index, item] of found.items.entries()) {
    const options = { service, replaced: found.replaced };
    let refusal = item === BROKEN ? "invalid_json" : decoder.decode(item, batch, options);
    if (refusal === "inexact") refusal = decoder.decode(found.exact(index), batch, options);
    if (refusal !== null) refusals.push({ index, code: refusal as RecordErrorCode });
  }
  return { accepted: found.items.length - refusals.length, refusals };
}
