import { isUtf8 } from "node:buffer";
import { MAX_NESTING, MAX_RECORD_BYTES } from "../../schema/limits.ts";
import type { RecordErrorCode } from "../../schema/record.ts";
import type { RecordBatchBuilder } from "../../store/record-batch.ts";
import type { RecordDecoder } from "../record/record-decoder.ts";
import { decodeObject } from "./decode-object.ts";
import type { RecordScanner } from "./scan-record.ts";
import { startOfList } from "./start-of-list.ts";
import { BROKEN, createJsonWalk, goOn, isSpace, type JsonWalk, STEP_BYTES, startWalk, WALKING, WHOLE } from "./walk-json.ts";
import { withoutBlanks } from "./without-blanks.ts";

/** Where records go, and who is told of those that are refused, by their place among the items. */
export type ItemTarget = {
  /** The service of the token; undefined where it is bound to none. */
  service: string | undefined;
  batch: RecordBatchBuilder;
  refuse: (index: number, code: RecordErrorCode) => void;
  /** Forgets what was refused: the body is read in another way. */
  reset: () => void;
};

const [LINE_FEED, VERTICAL_TAB, FORM_FEED, COMMA] = [10, 11, 12, 44];
const [ARRAY_START, ARRAY_END, OBJECT_START, OBJECT_END] = [91, 93, 123, 125];

/** What an item costs that has to be parsed, and one that is no JSON, beside its bytes. */
const BYTES_A_PARSED_ITEM = 128;
const BYTES_A_BROKEN_ITEM = 16;
/** Even with every character escaped, a record of more text than this is too large. */
const MAX_TEXT_BYTES = 8 * MAX_RECORD_BYTES;
/** The shortest member, `"":0,`, has so many bytes. */
const MAX_MEMBERS = MAX_RECORD_BYTES / 5;
/** A line of blanks that JSON does not know is looked at up to this length. */
const MAX_BLANK_LINE_BYTES = 4096;

/** A body that is being read. */
type Reading = ItemTarget & {
  body: Uint8Array;
  scanner: RecordScanner;
  decoder: RecordDecoder;
  isWellFormed: boolean;
  /** Those of the batch that are of other bodies. */
  rowsBefore: number;
  /** Made for the first value that is no plain record. */
  walk: JsonWalk | undefined;
  /** The place from which on the next item is one of the next step. */
  pauseAt: number;
};

/**
 * Appends the records of a body that is one object, an array, `{"logs": [...]}`, or one object a line, without a byte order
 * mark. Answers how many items there were, undefined where it is blank. It stops after each bounded piece of work, to be
 * gone on with; what it appended counts once it has ended. A body in which nothing can be told apart is one broken item; a broken
 * line is a broken item among others. An object that is left over by `scanner` is parsed, and decoded by `decoder`.
 */
export function* decodeItems(
  body: Uint8Array,
  target: ItemTarget,
  scanner: RecordScanner,
  decoder: RecordDecoder,
): Generator<undefined, number | undefined> {
  const { service, batch, refuse, reset } = target;
  const start: Pick<Reading, "walk" | "pauseAt"> = { walk: undefined, pauseAt: STEP_BYTES };
  const rowsBefore = batch.rows();
  const isWellFormed = isUtf8(body);
  const reading: Reading = { body, service, batch, refuse, reset, scanner, decoder, isWellFormed, rowsBefore, ...start };
  let first = 0;
  for (; isSpace(body[first]); first += 1) if (isDue(reading, first)) yield;
  if (body[first] === ARRAY_START) {
    const items = yield* takeList(reading, first + 1, false);
    // Of an array that is cut short, no line stands for itself.
    return items < 0 ? refuseAll(reading) : items;
  }
  const list = body[first] === OBJECT_START ? startOfList(body, first + 1) : -1;
  if (list >= 0) {
    const items = yield* takeList(reading, list, true);
    // An object with anything beside its lists is a record: none of it may get lost.
    if (items >= 0) return items;
    startOver(reading);
  }
  return yield* takeLines(reading, first);
}

/** Whether what comes at this place is part of the next step. */
function isDue(reading: Reading, at: number): boolean {
  if (at < reading.pauseAt) return false;
  reading.pauseAt = at + STEP_BYTES;
  return true;
}

function startOver(reading: Reading): void {
  reading.batch.truncate(reading.rowsBefore);
  reading.reset();
  reading.pauseAt = 0;
}

/** Nothing in the body can be told apart. */
function refuseAll(reading: Reading): number {
  startOver(reading);
  reading.refuse(0, "invalid_json");
  return 1;
}

/** Takes a plain record, and answers the place behind it; -1 where there is none. */
function scan({ body, scanner, isWellFormed, batch, service }: Reading, at: number, multiline: boolean): number {
  return isWellFormed && body[at] === OBJECT_START ? scanner.scan(body, at, multiline, batch, service) : -1;
}

/** The walk of this body, at the start of the value at `at`. */
function walkFrom(reading: Reading, at: number, multiline: boolean): JsonWalk {
  reading.walk ??= createJsonWalk(reading.body);
  startWalk(reading.walk, at, multiline);
  return reading.walk;
}

/** Goes on with the walk to its end. */
function* finishWalk(walk: JsonWalk): Generator<undefined, ReturnType<typeof goOn>> {
  let how = goOn(walk, walk.at + STEP_BYTES);
  while (how === WALKING) {
    yield;
    how = goOn(walk, walk.at + STEP_BYTES);
  }
  return how;
}

/** Decodes the value from `start` on that was walked over. */
function* take(reading: Reading, walk: JsonWalk, start: number, index: number): Generator<undefined, void> {
  const { body, service, isWellFormed, batch, decoder, refuse } = reading;
  reading.pauseAt -= BYTES_A_PARSED_ITEM;
  const textBytes = walk.at - start - walk.blanks;
  let refusal: RecordErrorCode | null;
  if (body[start] !== OBJECT_START) refusal = "not_an_object";
  // The deepest that is allowed is a value of `attributes`.
  else if (walk.deepest > MAX_NESTING + 1) refusal = "nesting_too_deep";
  else if (textBytes > MAX_TEXT_BYTES || walk.members > MAX_MEMBERS) refusal = "record_too_large";
  else {
    const text =
      walk.at - start > MAX_TEXT_BYTES ? yield* withoutBlanks(body, start, walk.at, textBytes) : body.subarray(start, walk.at);
    refusal = decodeObject(decoder, utf8.decode(text), walk.members, batch, { service, replaced: !isWellFormed });
  }
  if (refusal !== null) refuse(index, refusal);
}

/** Takes the value at `at` that is no plain record; answers the place behind it, -1 where it is no JSON. */
function* takeSlowly(reading: Reading, at: number, index: number): Generator<undefined, number> {
  const walk = walkFrom(reading, at, true);
  if ((yield* finishWalk(walk)) === BROKEN) return -1;
  yield* take(reading, walk, at, index);
  return walk.at;
}

function* takeLines(reading: Reading, first: number): Generator<undefined, number | undefined> {
  const { body, refuse } = reading;
  let items = 0;
  let broken = 0;
  for (let at = first; at < body.length; ) {
    if (isDue(reading, at)) yield;
    if (isSpace(body[at])) {
      at += 1;
      continue;
    }
    const scanned = scan(reading, at, false);
    if (scanned >= 0) {
      at = scanned;
      items += 1;
      continue;
    }
    const walk = walkFrom(reading, at, false);
    let how = goOn(walk, at + STEP_BYTES);
    if (how === WALKING) how = yield* finishWalk(walk);
    let end = walk.at;
    for (; how === WHOLE && end < body.length && body[end] !== LINE_FEED; end += 1) {
      if (!isSpace(body[end])) how = BROKEN;
      else if (isDue(reading, end)) yield;
    }
    if (how === WHOLE) {
      yield* take(reading, walk, at, items);
      items += 1;
      at = end;
      continue;
    }
    const next = endOfLine(body, end);
    if (!isBlankText(body, at, next)) {
      const spread = items === 0 ? yield* takeSpread(reading) : -1;
      if (spread >= 0) return spread;
      refuse(items, "invalid_json");
      items += 1;
      broken += 1;
      reading.pauseAt -= BYTES_A_BROKEN_ITEM;
    }
    at = next;
  }
  if (first === body.length) return undefined;
  return broken === items ? refuseAll(reading) : items;
}

/** Values that take several lines, each on lines of its own; -1 where that is not what the body is. */
function* takeSpread(reading: Reading): Generator<undefined, number> {
  const { body } = reading;
  let items = 0;
  let mayStart = true;
  reading.pauseAt = 0;
  for (let at = 0; at < body.length; ) {
    if (isDue(reading, at)) yield;
    if (isSpace(body[at])) {
      mayStart ||= body[at] === LINE_FEED;
      at += 1;
      continue;
    }
    const scanned = mayStart ? scan(reading, at, true) : -1;
    at = scanned >= 0 || !mayStart ? scanned : yield* takeSlowly(reading, at, items);
    mayStart = false;
    items += 1;
    if (at >= 0) continue;
    startOver(reading);
    return -1;
  }
  return items;
}

/** The values of the list that begins at `start`, and of those beside it where it is wrapped; -1 where they are no JSON. */
function* takeList(reading: Reading, start: number, isWrapped: boolean): Generator<undefined, number> {
  const { body } = reading;
  let items = 0;
  // An end may come at first, and behind each value; a value at first, and behind each comma.
  let mayEnd = true;
  let mayTake = true;
  let isClosed = false;
  let isOver = false;
  for (let at = start; at < body.length; ) {
    if (isDue(reading, at)) yield;
    const byte = body[at];
    if (isSpace(byte)) {
      at += 1;
    } else if (isOver) {
      return -1;
    } else if (isClosed) {
      const list = byte === COMMA ? startOfList(body, at + 1) : -1;
      if (list < 0 && byte !== OBJECT_END) return -1;
      isOver = list < 0;
      isClosed = false;
      mayEnd = true;
      mayTake = true;
      at = isOver ? at + 1 : list;
    } else if (byte === ARRAY_END && mayEnd) {
      isClosed = isWrapped;
      isOver = !isWrapped;
      at += 1;
    } else if (mayTake) {
      const scanned = scan(reading, at, true);
      at = scanned >= 0 ? scanned : yield* takeSlowly(reading, at, items);
      if (at < 0) return -1;
      items += 1;
      mayEnd = true;
      mayTake = false;
    } else if (byte === COMMA) {
      mayEnd = false;
      mayTake = true;
      at += 1;
    } else return -1;
  }
  return isOver ? items : -1;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function endOfLine(body: Uint8Array, from: number): number {
  // Most lines that are no JSON are short: to ask the engine would take longer.
  const near = Math.min(body.length, from + 32);
  for (let at = from; at < near; at += 1) if (body[at] === LINE_FEED) return at;
  const end = body.indexOf(LINE_FEED, near);
  return end < 0 ? body.length : end;
}

/** Whether there are but blanks of Unicode that JSON does not know. */
function isBlankText(body: Uint8Array, start: number, end: number): boolean {
  const first = body[start] as number;
  if (first < 0x80 && first !== VERTICAL_TAB && first !== FORM_FEED) return false;
  return end - start <= MAX_BLANK_LINE_BYTES && utf8.decode(body.subarray(start, end)).trim() === "";
}
