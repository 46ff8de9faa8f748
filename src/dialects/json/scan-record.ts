import { MAX_RECORD_BYTES } from "../../schema/limits.ts";
import { FIELD_ALIASES } from "../../schema/record.ts";
import { INFO, severityIndexOfLevel, severityIndexOfWord } from "../../schema/severity.ts";
import { readTimestamp, type Timestamp } from "../../schema/timestamp.ts";
import type { RecordBatchBuilder } from "../../store/record-batch.ts";
import { serviceProblem } from "../record/record-decoder.ts";
import {
  copyMember,
  copyMembers,
  copyString,
  createJsonCopy,
  forgetNames,
  goToValue,
  type JsonCopy,
  MAX_NAMES,
  nextByte,
  readName,
  readNumber,
  readPlainText,
} from "./json-copy.ts";
import { textOf } from "./number-text.ts";
import { createTimeScanner } from "./scan-time.ts";

/** Built once: it keeps what it learns of the names that senders use. */
export type RecordScanner = {
  /**
   * Appends the JSON object that starts at `from` to the batch as a record, and answers the place behind it; -1 where it is
   * left to `RecordDecoder`, and nothing was appended. `body` is UTF-8; `service` is the token's, undefined where it is
   * bound to none; line ends inside the object are white space only where it is `multiline`. Where it is not, nothing else may
   * be on the line, and the place is that of the line's end.
   */
  scan(body: Uint8Array, from: number, multiline: boolean, batch: RecordBatchBuilder, service: string | undefined): number;
};

/** Fields of a record, as bits; a name that is no field of a record is one of an attribute. */
const ATTRIBUTE = 1;
const MESSAGE = 2;
const TIMESTAMP = 4;
const SEVERITY = 8;
const SERVICE = 16;
const ATTRIBUTES = 32;

const FIELDS = new Map<string, number>([
  ["message", MESSAGE],
  ["timestamp", TIMESTAMP],
  ["severity", SEVERITY],
  ["service", SERVICE],
  ["attributes", ATTRIBUTES],
  ...FIELD_ALIASES.message.map((name) => [name, MESSAGE] as const),
  ...FIELD_ALIASES.timestamp.map((name) => [name, TIMESTAMP] as const),
  ...FIELD_ALIASES.severity.map((name) => [name, SEVERITY] as const),
]);

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [9, 10, 13, 32];
const [QUOTE, COMMA, DELETE, OBJECT_START, OBJECT_END] = [34, 44, 127, 123, 125];

/**
 * The quick way of what is sent most: the same meaning as `RecordDecoder`, straight from the bytes. All that is unusual it
 * leaves alone: a field in more than one form, a value that is refused, a record that is very long.
 */
export function createRecordScanner(): RecordScanner {
  const copy = createJsonCopy();
  const scanTime = createTimeScanner();
  const time: Timestamp = { ms: 0, nanos: 0, digits: 0 };
  // What the names that were met stand for, by their number: a field, a severity's index and one more, a service.
  const fields = new Uint8Array(MAX_NAMES);
  const severities = new Uint8Array(MAX_NAMES);
  const services: (string | undefined)[] = [];

  function forgetMeanings(): void {
    fields.fill(0);
    severities.fill(0);
    services.length = 0;
  }

  function fieldOf(name: number, start: number): number {
    const known = fields[name] as number;
    if (known !== 0) return known;
    const field = FIELDS.get(textOf(copy.source, start + 1, copy.at - 1)) ?? ATTRIBUTE;
    fields[name] = field;
    return field;
  }

  /** The index of the severity that starts at `copy.at`; -1 where it is none. */
  function readSeverity(): number {
    const start = copy.at;
    if (copy.source[start] !== QUOTE) return severityIndexOfLevel(readNumber(copy));
    const name = readName(copy, copy.names);
    if (name < 0) return -1;
    const known = severities[name] as number;
    if (known !== 0) return known - 1;
    const severity = severityIndexOfWord(textOf(copy.source, start + 1, copy.at - 1));
    severities[name] = severity + 1;
    return severity;
  }

  /** The name of the service that starts at `copy.at`; undefined where it is none. */
  function readService(): string | undefined {
    const start = copy.at;
    const name = copy.source[start] === QUOTE ? readName(copy, copy.names) : -1;
    if (name < 0) return undefined;
    const known = services[name];
    if (known !== undefined) return known;
    const service = textOf(copy.source, start + 1, copy.at - 1);
    if (serviceProblem(service, undefined) !== null) return undefined;
    services[name] = service;
    return service;
  }

  function readTime(): boolean {
    const start = copy.at;
    if (copy.source[start] !== QUOTE) return readTimestamp(readNumber(copy), time);
    const end = readPlainText(copy);
    return end >= 0 && scanTime(copy.source, start + 1, end, time);
  }

  // Of the record in hand.
  let messageBytes = 0;
  let messageExcess = 0;

  function readMessage(batch: RecordBatchBuilder): boolean {
    const { target, to, excess } = copy;
    const { bytes, length } = batch.messages;
    copy.target = bytes;
    copy.to = length;
    copy.excess = 0;
    const copied = copy.source[copy.at] === QUOTE && copyString(copy, false);
    messageBytes = copy.to - length;
    messageExcess = copy.excess;
    copy.target = target;
    copy.to = to;
    copy.excess = excess;
    // A visible first character: another message may be blank.
    const first = bytes[length] as number;
    return copied && messageBytes > 0 && first > SPACE && first < DELETE;
  }

  return {
    scan(body, from, multiline, batch, ownService) {
      if (forgetNames(copy)) forgetMeanings();
      copy.source = body;
      copy.at = from + 1;
      // Neither text is longer than what it is copied from.
      copy.end = Math.min(body.length, from + MAX_RECORD_BYTES);
      copy.multiline = multiline;
      batch.reserve(copy.end - from);
      const attributesStart = batch.attributes.length;
      copy.target = batch.attributes.bytes;
      copy.target[attributesStart] = OBJECT_START;
      copy.to = attributesStart + 1;
      copy.excess = 0;
      copy.objects += 1;
      const object = copy.objects;
      let seen = 0;
      let members = 0;
      let hasAttributes = false;
      let severity = INFO;
      let service = ownService;
      time.ms = Number.NaN;
      time.nanos = 0;
      time.digits = 3;
      for (let byte = nextByte(copy); byte !== OBJECT_END; byte = nextByte(copy), members += 1) {
        if (members > 0) {
          if (byte !== COMMA) return -1;
          copy.at += 1;
          byte = nextByte(copy);
        }
        const start = copy.at;
        const name = byte === QUOTE ? readName(copy, copy.names) : -1;
        if (name < 0) return -1;
        const field = fieldOf(name, start);
        if (field === ATTRIBUTE) {
          if (!copyMember(copy, name, start, 0, object, !hasAttributes)) return -1;
          hasAttributes = true;
          continue;
        }
        if ((seen & field) !== 0 || !goToValue(copy)) return -1;
        seen |= field;
        if (field === MESSAGE) {
          if (!readMessage(batch)) return -1;
        } else if (field === TIMESTAMP) {
          if (!readTime()) return -1;
        } else if (field === SEVERITY) {
          severity = readSeverity();
          if (severity < 0) return -1;
        } else if (field === SERVICE) {
          service = readService();
          if (service === undefined || (ownService !== undefined && service !== ownService)) return -1;
        } else {
          // Nested attributes go before others.
          if (body[copy.at] !== OBJECT_START || hasAttributes) return -1;
          const nested = copyMembers(copy, 0, object);
          if (nested < 0) return -1;
          hasAttributes = nested > 0;
        }
      }
      if ((seen & MESSAGE) === 0 || service === undefined) return -1;
      copy.at += 1;
      if (!multiline && !goToLineEnd(copy)) return -1;
      let attributeBytes = 0;
      if (hasAttributes) {
        copy.target[copy.to] = OBJECT_END;
        attributeBytes = copy.to + 1 - attributesStart;
      }
      batch.appendWritten(
        time.ms,
        time.nanos,
        time.digits,
        severity,
        service,
        messageBytes,
        messageBytes - messageExcess,
        attributeBytes,
        attributeBytes - copy.excess,
      );
      return copy.at;
    },
  };
}

/** Whether there are but blanks from `copy.at` up to the end of the line, to which it goes. */
function goToLineEnd(copy: JsonCopy): boolean {
  const { source, end } = copy;
  let at = copy.at;
  while (at < end && (source[at] === SPACE || source[at] === TAB || source[at] === CARRIAGE_RETURN)) at += 1;
  copy.at = at;
  return at === source.length || source[at] === LINE_FEED;
}
