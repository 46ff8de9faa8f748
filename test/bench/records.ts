import type { Severity } from "../../src/schema/severity.ts";
import { createRandom, type Random } from "../../src/simulate/random.ts";
import { createAttributes, FIELDS } from "./fields.ts";
import { SERVICES, type Template } from "./templates.ts";

/** Occurs in exactly RARE_RECORDS of a generator's first `rows` records, and nowhere else. */
export const RARE_WORD = "zirconium";
export const RARE_RECORDS = 7;
/** Occurs in about one record of a hundred; each of its words occurs in other records too. */
export const PHRASE = "connection reset by peer";
const PHRASE_SHARE = 0.01;
const PHRASE_TEMPLATE: Template = [1, "WARN", `read from {host}:{port} ({ip}) failed after {ms} ms: ${PHRASE}`];

/** Fixed, so that the same seed makes the same bytes on any day. */
const FIRST_MS = Date.UTC(2026, 10, 24);
/** A record comes up to so many ms after the one before it, and is late by up to LATE_MS once in a while. */
const STEP_MS = 7;
const LATE_SHARE = 0.15;
const LATE_MS = 1500;

export type BenchRecord = {
  timestamp: string;
  service: string;
  severity: Severity;
  message: string;
  attributes?: Record<string, unknown>;
};

type Line = { severity: Severity; write(random: Random): string };

function compileTemplate([, severity, text]: Template): Line {
  const parts = text.split(/\{(\w+)\}/).map((part, index) => {
    if (index % 2 === 0) return () => part;
    const field = FIELDS[part];
    if (field === undefined) throw new Error(`the template '${text}' names no known field: {${part}}`);
    return field;
  });
  return {
    severity,
    write(random) {
      let message = "";
      for (const part of parts) message += part(random);
      return message;
    },
  };
}

/** A picker that takes each item as often as its weight says, in the time of one lookup. */
function weighted<Item>(items: readonly Item[], weightOf: (item: Item) => number): (random: Random) => Item {
  const total = items.reduce((sum, item) => sum + weightOf(item), 0);
  const slots = items.flatMap((item) => Array.from({ length: Math.ceil((weightOf(item) / total) * 4096) }, () => item));
  return (random) => random.pick(slots);
}

const phraseLine = compileTemplate(PHRASE_TEMPLATE);
const pickService = weighted(
  SERVICES.map(({ name, weight, templates }) => {
    const lines = templates.map((template) => ({ weight: template[0], line: compileTemplate(template) }));
    return { name, weight, pickLine: weighted(lines, (line) => line.weight) };
  }),
  (service) => service.weight,
);

/**
 * An endless stream of records as a dozen services would write them, the same for the same seed. The rare word is in
 * RARE_RECORDS of the first `rows`, evenly spread.
 */
export function createRecords(seed: number, rows: number): () => BenchRecord {
  const random = createRandom(seed);
  const nextAttributes = createAttributes(random);
  const rareAt = new Set(Array.from({ length: RARE_RECORDS }, (_, i) => Math.floor(((i + 0.5) * rows) / RARE_RECORDS)));
  let index = 0;
  let nowMs = FIRST_MS;
  return () => {
    nowMs += random.between(0, STEP_MS);
    const service = pickService(random);
    const line = random.next() < PHRASE_SHARE ? phraseLine : service.pickLine(random).line;
    const message = line.write(random);
    const attributes = nextAttributes();
    const lateMs = random.next() < LATE_SHARE ? random.between(1, LATE_MS) : 0;
    const rare = rareAt.has(index);
    index += 1;
    return {
      timestamp: new Date(nowMs - lateMs).toISOString(),
      service: service.name,
      severity: line.severity,
      message: rare ? `${message} (${RARE_WORD})` : message,
      ...(attributes && { attributes }),
    };
  };
}
