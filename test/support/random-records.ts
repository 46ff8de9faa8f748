import type { Timestamp } from "../../src/schema/timestamp.ts";
import type { Random } from "../../src/simulate/random.ts";
import type { RecordBatchBuilder } from "../../src/store/record-batch.ts";

/** A record on its way to a store. */
export type NewRecord = {
  /** NaN: the sender gave no time, so that the time of receipt counts. */
  ms: number;
  nanos: number;
  severity: number;
  service: string;
  message: string;
  /** JSON text; empty where there are none. */
  attributes: string;
  /** The texts in `attributes` that are values: of strings what they stand for, of all else what is written. */
  values: string[];
};

/** The same once it was stored, with what the collector gave it. */
export type KnownRecord = NewRecord & { id: number; receivedMs: number };

export function appendTo(batch: RecordBatchBuilder, { ms, nanos, severity, service, message, attributes }: NewRecord): void {
  batch.append(ms, nanos, 9, severity, service, message, attributes);
}

export const BASE_MS = Date.UTC(2026, 10, 24, 10);

export const SERVICES = ["reports", "payments", "chat", "über", "a b", "web-1", "web"];
const WORDS = [
  ...["timeout", "Timed", "out", "time", "gateway", "GATEWAY", "ERROR", "x", "X1", "_", "user_id", "__proto__"],
  ...["42", "7", "10.0.0.1", "3.50", "1e400", "true", "null", "db-7", "end.", "a::b", "?!", "...", "C:\\temp", '"quoted"'],
  ...[
    "İzmir",
    "naïve",
    "nai\u0308ve",
    "Straße",
    "STRASSE",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "Ждать",
    "שלום",
    "東京",
    "東京都",
    "カタカナ",
    "서울역",
  ],
  ...["ภาษาไทย", "😀", "👩‍💻", "𝒳", "a😀b", "x東京y", "{", "}", "[1,2]", '{"a":1}', "\u001b[31m", "/var/log/x.log", "\t"],
];
const GLUE = [" ", " ", " ", " ", "\n", ", ", "/", "", "-", "\r\n"];
const KEYS = ["a", "A", "user_id", "User_Id", "gateway", "path", "東京", "", '"', "true"];
/** Attributes there may be. */
export const PATHS = [...KEYS, "a", "user_id", "path", "a.a", "user_id.path", "a.true.a", "nowhere"];

/** Records with many ties, out of order, in words of many scripts; the same for the same `random`. */
export function randomRecord(random: Random): NewRecord {
  const [attributes, values] = random.next() < 0.5 ? randomAttributes(random, 2) : ["", []];
  return {
    ...randomTime(random),
    severity: random.between(0, 5),
    service: random.pick(SERVICES),
    message: random.next() < 0.02 ? "" : randomText(random),
    attributes,
    values,
  };
}

/** Few distinct times, so that the order among equals is put to the test; now and then one far away, or none. */
function randomTime(random: Random): { ms: number; nanos: number } {
  const nanos = random.next() < 0.3 ? random.pick([1, 250_000, 250_001, 999_999]) : 0;
  const chance = random.next();
  if (chance < 0.02) return { ms: Number.NaN, nanos: 0 };
  if (chance < 0.03) return { ms: random.pick([-1, 0, -62_135_596_800_000, 253_402_300_799_999]), nanos };
  return { ms: BASE_MS + random.between(-40, 40) * random.pick([1, 1, 250, 60_000]), nanos };
}

function randomText(random: Random): string {
  let text = random.pick(WORDS);
  for (let left = random.between(0, 5); left > 0; left -= 1) text += random.pick(GLUE) + random.pick(WORDS);
  return text;
}

/** JSON text as a sender may have written it, keys that occur twice included, and its values. */
function randomAttributes(random: Random, levels: number): [json: string, values: string[]] {
  const values: string[] = [];
  const parts = Array.from({ length: random.between(1, 3) }, () => {
    const [json, inside] = randomValue(random, levels);
    values.push(...inside);
    return `${JSON.stringify(random.pick(KEYS))}:${json}`;
  });
  return [`{${parts.join(",")}}`, values];
}

function randomValue(random: Random, levels: number): [json: string, values: string[]] {
  const chance = random.next();
  if (chance < 0.15 && levels > 0) return randomAttributes(random, levels - 1);
  if (chance < 0.3 && levels > 0) {
    const items = Array.from({ length: random.between(0, 3) }, () => randomValue(random, levels - 1));
    return [`[${items.map(([json]) => json).join(",")}]`, items.flatMap(([, values]) => values)];
  }
  if (chance < 0.6) {
    const literal = random.pick(["true", "false", "null", "0", "42", "-7", "3.5", "0.25", "123456789012345", "-5e-8"]);
    return [literal, [literal]];
  }
  const text = chance < 0.65 ? random.pick(["10000000000000000", "1e16", "10000000000000001"]) : randomText(random);
  return [JSON.stringify(text), [text]];
}

/** The very time of a record, or one nanosecond beside it. */
export function randomBound(random: Random, known: readonly KnownRecord[], field: "ms" | "receivedMs"): Timestamp {
  const record = random.pick(known);
  const nanos = (field === "ms" ? record.nanos : 0) + random.pick([-1, 0, 0, 1]);
  const carry = nanos < 0 ? -1 : nanos > 999_999 ? 1 : 0;
  return { ms: record[field] + carry, nanos: nanos - carry * 1_000_000, digits: 9 };
}

/** A word, or something cut out of a record at any two places, thus often a part of a word or a phrase, in another case. */
export function randomTerm(random: Random, known: readonly KnownRecord[]): string {
  let term = random.pick([...WORDS, "nowhere", "timeo", "ser_id", "京", "-", "\\"]);
  if (random.next() < 0.5) {
    const { message, values } = random.pick(known);
    const characters = [...random.pick([message, message, ...values])];
    const start = random.between(0, Math.max(0, characters.length - 1));
    term = characters.slice(start, start + random.pick([1, 2, 3, 5, 8, 12])).join("");
  }
  const chance = random.next();
  return chance < 0.15 ? term.toUpperCase() : chance < 0.3 ? term.toLowerCase() : term;
}
