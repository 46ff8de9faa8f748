import type { RecordErrorCode } from "../schema/record.ts";
import type { RecordBatchBuilder } from "../store/record-batch.ts";
import { quoteInexactNumbers } from "./inexact-numbers.ts";
import type { RecordDecoder } from "./record-decoder.ts";
import type { RecordScanner } from "./scan-record.ts";

/** Where records go, and who is told of those that are refused, by their place among the items. */
export type ScanTarget = {
  /** The service of the token; undefined where it is bound to none. */
  service: string | undefined;
  batch: RecordBatchBuilder;
  refuse: (index: number, code: RecordErrorCode) => void;
};

/**
 * Appends the records of a body that is UTF-8, and one object a line or an array of objects. Answers how many items there
 * were; -1 where it is something else, and is to be read as a whole: nothing was appended then.
 */
export type BodyScanner = (body: Uint8Array, target: ScanTarget) => number;

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [9, 10, 13, 32];
const [QUOTE, COMMA, ARRAY_START, BACKSLASH, ARRAY_END, OBJECT_START, OBJECT_END] = [34, 44, 91, 92, 93, 123, 125];

/** An object that is left over by `scanner` is parsed, and decoded by `decoder`. */
export function createBodyScanner(scanner: RecordScanner, decoder: RecordDecoder): BodyScanner {
  /** Takes the item at `at`, which is the one at `index`, and answers the place behind it; -1 where it is no object. */
  function take(body: Uint8Array, at: number, inArray: boolean, index: number, target: ScanTarget): number {
    const scanned = body[at] === OBJECT_START ? scanner.scan(body, at, inArray, target.batch, target.service) : -1;
    if (scanned >= 0) return scanned;
    const end = inArray ? endOfObject(body, at) : endOfLine(body, at);
    const text = utf8.decode(body.subarray(at, end));
    const item = parseObject(text);
    // The list of a body that wraps one.
    if (item === undefined || (!inArray && index === 0 && "logs" in item)) return -1;
    const options = { service: target.service, replaced: false };
    let refusal = decoder.decode(item, target.batch, options);
    if (refusal === "inexact") refusal = decoder.decode(parseObject(quoteInexactNumbers(text)), target.batch, options);
    if (refusal !== null) target.refuse(index, refusal as RecordErrorCode);
    return end;
  }

  function takeLines(body: Uint8Array, target: ScanTarget): number {
    let items = 0;
    for (let at = afterSpace(body, 0); at < body.length; at = afterSpace(body, at)) {
      at = take(body, at, false, items, target);
      if (at < 0) return -1;
      items += 1;
      while (body[at] === SPACE || body[at] === TAB || body[at] === CARRIAGE_RETURN) at += 1;
      if (at < body.length && body[at] !== LINE_FEED) return -1;
    }
    return items === 0 ? -1 : items;
  }

  function takeArray(body: Uint8Array, start: number, target: ScanTarget): number {
    let items = 0;
    let at = afterSpace(body, start + 1);
    while (body[at] !== ARRAY_END || items > 0) {
      at = take(body, at, true, items, target);
      if (at < 0) return -1;
      items += 1;
      at = afterSpace(body, at);
      if (body[at] === ARRAY_END) break;
      if (body[at] !== COMMA) return -1;
      at = afterSpace(body, at + 1);
    }
    return afterSpace(body, at + 1) === body.length ? items : -1;
  }

  return (body, target) => {
    const before = target.batch.rows();
    const start = afterSpace(body, 0);
    const items = body[start] === ARRAY_START ? takeArray(body, start, target) : takeLines(body, target);
    if (items < 0) target.batch.truncate(before);
    return items;
  };
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function afterSpace(body: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(body[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

function endOfLine(body: Uint8Array, from: number): number {
  const end = body.indexOf(LINE_FEED, from);
  return end < 0 ? body.length : end;
}

/** Behind the brace that closes the one at `from`; `from` itself where there is none. */
function endOfObject(body: Uint8Array, from: number): number {
  let open = 0;
  let inString = false;
  for (let at = from; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) inString = !inString;
    else if (inString && byte === BACKSLASH) at += 1;
    else if (inString) continue;
    else if (byte === OBJECT_START) open += 1;
    else if (byte === OBJECT_END) open -= 1;
    if (open === 0) return at + 1;
  }
  return from;
}
