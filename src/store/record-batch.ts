import { createTextBuffer, putText, reserve, type TextBuffer } from "../memory/text-buffer.ts";

/**
 * Records on their way to disk, by column: row `i` of each array belongs to record `i`. Texts lie one after another as
 * UTF-8; their lengths are in UTF-16 units, and their offsets, with one more for the end, in bytes. Attributes are the JSON
 * text of an object, empty where there are none.
 */
export type RecordBatch = {
  rows: number;
  /** Milliseconds since the epoch; NaN where the sender gave no time, so that the time of receipt counts. */
  timestampMs: Float64Array;
  /** Nanoseconds after `timestampMs`, 0..999,999. */
  nanos: Uint32Array;
  /** Fraction digits of the time as sent, 0..9. */
  digits: Uint8Array;
  /** Indexes of SEVERITIES. */
  severity: Uint8Array;
  /** Indexes of `services`. */
  service: Uint32Array;
  services: string[];
  messageLengths: Uint32Array;
  messageOffsets: Uint32Array;
  messages: Uint8Array;
  attributeLengths: Uint32Array;
  attributeOffsets: Uint32Array;
  attributes: Uint8Array;
};

/** Gathers records into columns; its arrays are kept and grown from batch to batch. */
export type RecordBatchBuilder = {
  rows(): number;
  /** Bytes of text gathered: what the batch weighs in memory. */
  bytes(): number;
  append(
    timestampMs: number,
    nanos: number,
    digits: number,
    severity: number,
    service: string,
    message: string,
    attributes: string,
  ): void;
  /** The texts gathered. Behind them those of the next record may be written, for `appendWritten` to take. */
  readonly messages: TextBuffer;
  readonly attributes: TextBuffer;
  /** Makes room for so many bytes behind each of the two. */
  reserve(bytes: number): void;
  /** As `append`, with texts of so many bytes, which are so many UTF-16 units, that lie behind the others already. */
  appendWritten(
    timestampMs: number,
    nanos: number,
    digits: number,
    severity: number,
    service: string,
    messageBytes: number,
    messageLength: number,
    attributeBytes: number,
    attributeLength: number,
  ): void;
  /** Takes back every record from row `rows` on. */
  truncate(rows: number): void;
  /** What was gathered, good until more is. The builder is empty again. */
  seal(): RecordBatch;
};

const FIRST_CAPACITY = 4096;
/** Room for texts that is kept once their batch is sealed; what is more was for a batch that was larger than most. */
const KEPT_BYTES = 4 * 1024 * 1024;

export function createRecordBatchBuilder(): RecordBatchBuilder {
  let capacity = FIRST_CAPACITY;
  let rows = 0;
  let timestampMs = new Float64Array(capacity);
  let nanos = new Uint32Array(capacity);
  let digits = new Uint8Array(capacity);
  let severity = new Uint8Array(capacity);
  let service = new Uint32Array(capacity);
  let messageLengths = new Uint32Array(capacity);
  let messageOffsets = new Uint32Array(capacity + 1);
  let attributeLengths = new Uint32Array(capacity);
  let attributeOffsets = new Uint32Array(capacity + 1);
  const messages = createTextBuffer();
  const attributes = createTextBuffer();
  let services: string[] = [];
  let serviceIndexes = new Map<string, number>();
  let lastService = "";
  let lastServiceIndex = -1;

  function grow(): void {
    capacity *= 2;
    timestampMs = copyInto(new Float64Array(capacity), timestampMs);
    nanos = copyInto(new Uint32Array(capacity), nanos);
    digits = copyInto(new Uint8Array(capacity), digits);
    severity = copyInto(new Uint8Array(capacity), severity);
    service = copyInto(new Uint32Array(capacity), service);
    messageLengths = copyInto(new Uint32Array(capacity), messageLengths);
    messageOffsets = copyInto(new Uint32Array(capacity + 1), messageOffsets);
    attributeLengths = copyInto(new Uint32Array(capacity), attributeLengths);
    attributeOffsets = copyInto(new Uint32Array(capacity + 1), attributeOffsets);
  }

  function indexOfService(name: string): number {
    if (name === lastService && lastServiceIndex >= 0) return lastServiceIndex;
    let index = serviceIndexes.get(name);
    if (index === undefined) {
      index = services.push(name) - 1;
      serviceIndexes.set(name, index);
    }
    lastService = name;
    lastServiceIndex = index;
    return index;
  }

  /** Adds a row whose texts lie behind the others, where they are counted in already. */
  function appendRow(
    ms: number,
    nanosOfMs: number,
    digitCount: number,
    severityIndex: number,
    serviceName: string,
    messageLength: number,
    attributeLength: number,
  ): void {
    if (rows === capacity) grow();
    timestampMs[rows] = ms;
    nanos[rows] = nanosOfMs;
    digits[rows] = digitCount;
    severity[rows] = severityIndex;
    service[rows] = indexOfService(serviceName);
    messageLengths[rows] = messageLength;
    attributeLengths[rows] = attributeLength;
    rows += 1;
    messageOffsets[rows] = messages.length;
    attributeOffsets[rows] = attributes.length;
  }

  return {
    rows: () => rows,
    bytes: () => messages.length + attributes.length,
    messages,
    attributes,
    reserve(bytes) {
      reserve(messages, bytes);
      reserve(attributes, bytes);
    },
    append(ms, nanosOfMs, digitCount, severityIndex, serviceName, message, attributesText) {
      putText(messages, message);
      putText(attributes, attributesText);
      appendRow(ms, nanosOfMs, digitCount, severityIndex, serviceName, message.length, attributesText.length);
    },
    appendWritten(
      ms,
      nanosOfMs,
      digitCount,
      severityIndex,
      serviceName,
      messageBytes,
      messageLength,
      attributeBytes,
      attributeLength,
    ) {
      messages.length += messageBytes;
      attributes.length += attributeBytes;
      appendRow(ms, nanosOfMs, digitCount, severityIndex, serviceName, messageLength, attributeLength);
    },
    truncate(keep) {
      rows = keep;
      messages.length = messageOffsets[keep] as number;
      attributes.length = attributeOffsets[keep] as number;
      // Services are numbered as they first occur: those of the rows kept are the first ones.
      let known = 0;
      for (let row = 0; row < keep; row += 1) known = Math.max(known, (service[row] as number) + 1);
      for (const name of services.splice(known)) serviceIndexes.delete(name);
      lastServiceIndex = -1;
    },
    seal() {
      const batch: RecordBatch = {
        rows,
        timestampMs: timestampMs.subarray(0, rows),
        nanos: nanos.subarray(0, rows),
        digits: digits.subarray(0, rows),
        severity: severity.subarray(0, rows),
        service: service.subarray(0, rows),
        services,
        messageLengths: messageLengths.subarray(0, rows),
        messageOffsets: messageOffsets.subarray(0, rows + 1),
        messages: takeText(messages),
        attributeLengths: attributeLengths.subarray(0, rows),
        attributeOffsets: attributeOffsets.subarray(0, rows + 1),
        attributes: takeText(attributes),
      };
      rows = 0;
      services = [];
      serviceIndexes = new Map();
      lastServiceIndex = -1;
      return batch;
    },
  };
}

/** What was put there; the next to be put goes to its place, or to new memory where the old was large. */
function takeText(buffer: TextBuffer): Uint8Array {
  const text = buffer.bytes.subarray(0, buffer.length);
  buffer.length = 0;
  if (buffer.bytes.length > KEPT_BYTES) buffer.bytes = createTextBuffer().bytes;
  return text;
}

function copyInto<Column extends { set(source: Column): void }>(target: Column, source: Column): Column {
  target.set(source);
  return target;
}
