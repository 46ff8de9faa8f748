import { MAX_RECORD_BYTES, MAX_SERVICE_CHARACTERS } from "../../schema/limits.ts";
import { FIELD_ALIASES, RECORD_FIELDS, type RecordErrorCode, SERVICE_PATTERN } from "../../schema/record.ts";
import { INFO, severityIndexOfLevel, severityIndexOfWord } from "../../schema/severity.ts";
import { readTimestamp, type Timestamp } from "../../schema/timestamp.ts";
import type { RecordBatchBuilder } from "../../store/record-batch.ts";
import { createAttributesWriter, INEXACT, TOO_DEEP } from "./attributes-text.ts";
import { createFreeNames, type FreeNames } from "./free-names.ts";
import { isInexact } from "./inexact-numbers.ts";
import type { Member } from "./read-members.ts";

/** Built once: it keeps what it learns of the names that senders use. */
export type RecordDecoder = {
  /**
   * Appends one parsed JSON value to the batch as a record. Answers null, or why it is refused, or `inexact` where it
   * holds a number that lost digits, so that it must be parsed in another way first.
   */
  decode(item: unknown, batch: RecordBatchBuilder, options: DecodeOptions): RecordErrorCode | "inexact" | null;
};

export type DecodeOptions = {
  /** The service of the token; undefined where it is bound to none. */
  service: string | undefined;
  /** Bytes of the body that were not UTF-8 were replaced by U+FFFD: records that hold one are marked. */
  replaced: boolean;
  /** Members whose names the item has too, with other values. */
  repeated?: readonly Member[];
};

const NONE: readonly Member[] = [];

type Sent = Record<string, unknown>;

/** Reads a record without making an object of it. A test holds it to `test/support/reference-record.ts`, which says the same by zod. */
export function createRecordDecoder(): RecordDecoder {
  const attributes = createAttributesWriter();
  const time: Timestamp = { ms: 0, nanos: 0, digits: 0 };
  // Aliases taken by the record in hand: no attribute is made of them.
  let messageAlias: string | undefined;
  let timeAlias: string | undefined;
  let severityAlias: string | undefined;
  let unknownSeverity = "";

  /** The text of the message; empty where there is none. */
  function messageOf(sent: Sent): string {
    messageAlias = undefined;
    const message = sent["message"];
    if (typeof message === "string") return isBlank(message) ? "" : message;
    if (message !== undefined && message !== null) return "";
    for (const alias of FIELD_ALIASES.message) {
      const value = sent[alias];
      if (typeof value !== "string" || isBlank(value)) continue;
      messageAlias = alias;
      return value;
    }
    return "";
  }

  function readTime(sent: Sent): boolean {
    timeAlias = undefined;
    const sentTime = sent["timestamp"];
    if (sentTime !== undefined && sentTime !== null) return readTimestamp(sentTime, time);
    for (const alias of FIELD_ALIASES.timestamp) {
      const value = sent[alias];
      if (value === undefined || !readTimestamp(value, time)) continue;
      timeAlias = alias;
      return true;
    }
    time.ms = Number.NaN;
    time.nanos = 0;
    time.digits = 3;
    return true;
  }

  /** The severity's index, or -1 where it is neither word nor number. */
  function severityOf(sent: Sent): number {
    severityAlias = undefined;
    unknownSeverity = "";
    const severity = sent["severity"];
    if (severity !== undefined && severity !== null) {
      if (typeof severity !== "string" && typeof severity !== "number") return -1;
      const index = severityIndex(severity);
      if (index < 0) unknownSeverity = String(severity);
      return index < 0 ? INFO : index;
    }
    for (const alias of FIELD_ALIASES.severity) {
      const index = severityIndex(sent[alias]);
      if (index < 0) continue;
      severityAlias = alias;
      return index;
    }
    return INFO;
  }

  /** Writes the attributes; answers as AttributesWriter.add does. */
  function writeAttributes(sent: Sent, message: string, replaced: boolean, repeated: readonly Member[]): number {
    attributes.start();
    const nested = sent["attributes"];
    const hasNested = isObject(nested);
    const severityText = !isBlank(unknownSeverity);
    // Names can only collide where fields come from more than one place.
    const collide = hasNested || severityText || replaced || repeated.length > 0;
    nestedNames = hasNested ? nested : undefined;
    freeNames = undefined;
    if (hasNested) for (const key in nested) if (addField(key, nested[key])) return problem;
    for (const key in sent) {
      if (key === "message" || key === "timestamp" || key === "severity" || key === "service") continue;
      if (key === messageAlias || key === timeAlias || key === severityAlias) continue;
      if (key === "attributes" && (hasNested || nested === null)) continue;
      if (addField(collide ? freeName(key) : key, sent[key])) return problem;
    }
    for (const [key, value] of repeated) {
      if (key !== "attributes" || !isObject(value)) {
        if (addField(freeName(key), value)) return problem;
        continue;
      }
      for (const inner in value) {
        // Earlier versions of `logctl send` wrote attributes once more behind the first, with others added.
        const isTheSame = hasNested && Object.hasOwn(nested, inner) && isSameJson(nested[inner], value[inner]);
        if (!isTheSame && addField(freeName(inner), value[inner])) return problem;
      }
    }
    if (severityText) addField(freeName("severity_text"), unknownSeverity);
    if (replaced && (message.includes("\ufffd") || attributes.hasReplacement())) addField(freeName("invalid_utf8"), true);
    return 0;
  }

  // Of the record in hand. Most have no field beside their nested ones, and need no set of names.
  let nestedNames: Sent | undefined;
  let freeNames: FreeNames | undefined;
  function freeName(key: string): string {
    freeNames ??= createFreeNames([...takenNames(), ...Object.keys(nestedNames ?? {})]);
    return freeNames(key);
  }

  function takenNames(): string[] {
    const aliases = [messageAlias, timeAlias, severityAlias].filter((alias) => alias !== undefined);
    return [...RECORD_FIELDS, ...aliases];
  }

  let problem = 0;
  function addField(name: string, value: unknown): boolean {
    problem = attributes.add(name, value);
    return problem !== 0;
  }

  return {
    decode(item, batch, { service: ownService, replaced, repeated = NONE }) {
      if (!isObject(item)) return "not_an_object";
      const sent = item;
      let message = messageOf(sent);
      if (message === "") {
        const given = sent["message"];
        return given === undefined || given === null || typeof given === "string" ? "missing_message" : "invalid_message";
      }
      if (!message.isWellFormed()) message = message.toWellFormed();
      if (!readTime(sent)) return "invalid_timestamp";
      const severity = severityOf(sent);
      if (severity < 0) return "invalid_severity";
      const service = sent["service"];
      const refusal = serviceProblem(service, ownService);
      if (refusal !== null) return refusal;
      for (const [key, value] of repeated) {
        const another = key === "service" && ownService !== undefined ? serviceProblem(value, ownService) : null;
        if (another !== null) return another;
      }
      if (lostDigits(sent[timeAlias ?? "timestamp"]) || lostDigits(sent["severity"])) return "inexact";
      const attributesProblem = writeAttributes(sent, message, replaced, repeated);
      if (attributesProblem === TOO_DEEP) return "nesting_too_deep";
      if (attributesProblem === INEXACT) return "inexact";
      const text = attributes.finish();
      if (isTooLarge(message, text)) return "record_too_large";
      batch.append(time.ms, time.nanos, time.digits, severity, (service ?? ownService) as string, message, text);
      return null;
    },
  };
}

/** Why a record with this service is refused, or null. `ownService` is the token's; undefined where it is bound to none. */
export function serviceProblem(service: unknown, ownService: string | undefined): RecordErrorCode | null {
  if (service === undefined || service === null) return ownService === undefined ? "missing_service" : null;
  if (service === ownService) return null;
  if (typeof service !== "string" || service.length > MAX_SERVICE_CHARACTERS) return "invalid_service";
  if (!SERVICE_PATTERN.test(service) || isBlank(service)) return "invalid_service";
  return ownService === undefined ? null : "service_mismatch";
}

export function severityIndex(value: unknown): number {
  if (typeof value === "string") return severityIndexOfWord(value);
  return typeof value === "number" ? severityIndexOfLevel(value) : -1;
}

function lostDigits(value: unknown): boolean {
  return typeof value === "number" && isInexact(value);
}

export function isBlank(text: string): boolean {
  const first = text.charCodeAt(0);
  // Most texts start with a visible ASCII character: only the others need a closer look.
  return !(first > 32 && first < 127) && text.trim() === "";
}

export function isObject(value: unknown): value is Sent {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSameJson(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === "object" && JSON.stringify(one) === JSON.stringify(other));
}

function isTooLarge(message: string, attributes: string): boolean {
  // A UTF-16 unit is at most three bytes: only long texts need counting.
  if ((message.length + attributes.length) * 3 <= MAX_RECORD_BYTES) return false;
  return Buffer.byteLength(message) + Buffer.byteLength(attributes) > MAX_RECORD_BYTES;
}
