/**
 * Records on their way to disk, by column: row `i` of each array belongs to record `i`. Texts lie one after another in
 * one string; lengths are in UTF-16 units. Attributes are the JSON text of an object, empty where there are none.
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
  messages: string;
  attributeLengths: Uint32Array;
  attributes: string;
};

/** A batch with its texts as UTF-8; lengths are in UTF-16 units all the same. */
export type Utf8Batch = Omit<RecordBatch, "messages" | "attributes"> & { messages: Uint8Array; attributes: Uint8Array };

/** Gathers records into columns; its arrays are kept and grown from batch to batch. */
export type RecordBatchBuilder = {
  rows(): number;
  /** UTF-16 units of text gathered: what the batch weighs in memory. */
  characters(): number;
  append(
    timestampMs: number,
    nanos: number,
    digits: number,
    severity: number,
    service: string,
    message: string,
    attributes: string,
  ): void;
  /** Takes back every record from row `rows` on. */
  truncate(rows: number): void;
  /** What was gathered, in arrays of its own that may be transferred; the builder is empty again. */
  seal(): RecordBatch;
};

const FIRST_CAPACITY = 4096;

export function createRecordBatchBuilder(): RecordBatchBuilder {
  let capacity = FIRST_CAPACITY;
  let rows = 0;
  let characters = 0;
  let timestampMs = new Float64Array(capacity);
  let nanos = new Uint32Array(capacity);
  let digits = new Uint8Array(capacity);
  let severity = new Uint8Array(capacity);
  let service = new Uint32Array(capacity);
  let messageLengths = new Uint32Array(capacity);
  let attributeLengths = new Uint32Array(capacity);
  let messages: string[] = [];
  let attributes: string[] = [];
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
    attributeLengths = copyInto(new Uint32Array(capacity), attributeLengths);
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

  return {
    rows: () => rows,
    characters: () => characters,
    append(ms, nanosOfMs, digitCount, severityIndex, serviceName, message, attributesText) {
      if (rows === capacity) grow();
      timestampMs[rows] = ms;
      nanos[rows] = nanosOfMs;
      digits[rows] = digitCount;
      severity[rows] = severityIndex;
      service[rows] = indexOfService(serviceName);
      messageLengths[rows] = message.length;
      attributeLengths[rows] = attributesText.length;
      messages.push(message);
      attributes.push(attributesText);
      characters += message.length + attributesText.length;
      rows += 1;
    },
    truncate(keep) {
      for (let row = keep; row < rows; row += 1) {
        characters -= (messageLengths[row] as number) + (attributeLengths[row] as number);
      }
      messages.length = keep;
      attributes.length = keep;
      rows = keep;
      // Services are numbered as they first occur: those of the rows kept are the first ones.
      let known = 0;
      for (let row = 0; row < keep; row += 1) known = Math.max(known, (service[row] as number) + 1);
      for (const name of services.splice(known)) serviceIndexes.delete(name);
      lastServiceIndex = -1;
    },
    seal() {
      const batch: RecordBatch = {
        rows,
        timestampMs: timestampMs.slice(0, rows),
        nanos: nanos.slice(0, rows),
        digits: digits.slice(0, rows),
        severity: severity.slice(0, rows),
        service: service.slice(0, rows),
        services,
        messageLengths: messageLengths.slice(0, rows),
        messages: messages.join(""),
        attributeLengths: attributeLengths.slice(0, rows),
        attributes: attributes.join(""),
      };
      rows = 0;
      characters = 0;
      messages = [];
      attributes = [];
      services = [];
      serviceIndexes = new Map();
      lastServiceIndex = -1;
      return batch;
    },
  };
}

function copyInto<Column extends { set(source: Column): void }>(target: Column, source: Column): Column {
  target.set(source);
  return target;
}
