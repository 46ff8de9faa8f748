import type { Filter } from "../../src/schema/filter.ts";
import { createRandom, type Random } from "../../src/simulate/random.ts";
import type { RecordBatchBuilder } from "../../src/store/record-batch.ts";

/** A record as a test knows it; `id` and `receivedMs` are the collector's. */
export type KnownRecord = {
  id: number;
  ms: number;
  nanos: number;
  receivedMs: number;
  severity: number;
  service: string;
  message: string;
  attributes: Record<string, unknown>;
};

const SERVICES = ["reports", "payments", "chat", "über", "a b"];
const WORDS = [
  "timeout",
  "Timed",
  "out",
  "gateway",
  "db-7",
  "user_id",
  "42",
  "ERROR",
  "naïve",
  "Straße",
  "ΣΊΣΥΦΟΣ",
  "東京",
  "😀",
  "C:\\temp",
  '"quoted"',
  "x",
  "time",
  "10.0.0.1",
  "end.",
];
const TERMS = [
  ...WORDS,
  "timed out",
  "out gateway",
  "timeo",
  "ser_id",
  "σίσυφος",
  "straße",
  "京",
  "-7",
  "10.0",
  "nowhere",
  "\\",
  "true",
  "null",
  "3.5",
  "42 ERROR",
];
const BASE_MS = Date.UTC(2026, 10, 24);

/** Records with many ties, out of order, and words of many scripts; the same for the same seed. */
export function createRandomRecords(seed: number): () => Omit<KnownRecord, "id" | "receivedMs"> {
  const random = createRandom(seed);
  return () => ({
    // Few distinct times, so that the order among equals is put to the test.
    ms: BASE_MS + random.between(-40, 40) * 250,
    nanos: random.next() < 0.3 ? random.between(0, 3) * 250_000 : 0,
    severity: random.between(0, 5),
    service: random.pick(SERVICES),
    message: textOf(random),
    attributes: random.next() < 0.5 ? attributesOf(random) : {},
  });
}

function textOf(random: Random): string {
  const words = Array.from({ length: random.between(1, 6) }, () => random.pick(WORDS));
  return words.join(random.pick([" ", " ", " ", "\n", ", ", "/"]));
}

function attributesOf(random: Random): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  if (random.next() < 0.6) attributes["user_id"] = random.between(40, 44);
  if (random.next() < 0.4) attributes[random.pick(["a", "A"])] = textOf(random);
  if (random.next() < 0.2) attributes["a"] = attributes["A"] = random.pick(WORDS);
  if (random.next() < 0.2) attributes["nested"] = { list: [textOf(random), random.next() < 0.5, null, 3.5] };
  return attributes;
}

export function appendTo(batch: RecordBatchBuilder, record: Omit<KnownRecord, "id" | "receivedMs">): void {
  const { ms, nanos, severity, service, message, attributes } = record;
  batch.append(ms, nanos, 9, severity, service, message, Object.keys(attributes).length === 0 ? "" : JSON.stringify(attributes));
}

/** A filter with any of its conditions, often none that leaves anything. */
export function randomFilter(random: Random): Filter {
  const time = () => ({ ms: BASE_MS + random.between(-42, 42) * 250, nanos: random.pick([0, 250_000, 500_000]), digits: 9 });
  return {
    ...(random.next() < 0.3 && { timestampStart: time() }),
    ...(random.next() < 0.3 && { timestampEnd: time() }),
    services: random.next() < 0.4 ? [random.pick(SERVICES), random.pick([...SERVICES, "nobody"])] : [],
    severityMask: random.next() < 0.4 ? random.between(1, 63) : 63,
    terms: random.next() < 0.6 ? Array.from({ length: random.between(1, 3) }, () => random.pick(TERMS)) : [],
  };
}
