import {
  ANY_MANY,
  ANY_ONE,
  type Comparison,
  type Condition,
  type Field,
  type Query,
  type RegexCondition,
  type TextCondition,
} from "../../src/query/query.ts";
import { readPattern } from "../../src/query/regex-pattern.ts";
import type { Random } from "../../src/simulate/random.ts";
import { type KnownRecord, PATHS, randomBound, randomTerm, SERVICES } from "./random-records.ts";

const COMPARISONS: Comparison[] = ["=", "=", ">", ">=", "<", "<="];
const PATTERNS = [
  ...[
    "time",
    "time.?ut",
    "^time",
    "out$",
    "[Tt]imed?\\b",
    "\\d+\\.\\d+",
    "x|y|gateway",
    "(?:time|out|x)+$",
    "^.{3,9}$",
    "\\s\\S*\\s",
  ],
  ...[
    "(a|b|x)*z?\\d",
    "^(?:\\w|\\W)*!",
    "^[^a-z]+$",
    "[\\u4e00-\\u9fff]{2}",
    "\\/var\\/log",
    "\\p{Lu}{2}",
    "ERROR.*(?:gateway|out)",
    "ß",
  ],
  ...[
    "user_id",
    "db-\\d",
    "nothing at all",
    "\\\\temp",
    "'",
    '"',
    "^$",
    "\\t|\\r",
    "(?<name>true|42)",
    "😀",
    "sysiphos|σίσυφος",
    ".s.",
  ],
];

/** A query of any kind, near to what is `known`. */
export function randomQuery(random: Random, known: readonly KnownRecord[], depth = 3): Query {
  const chance = random.next();
  if (depth === 0 || chance < 0.4) return randomCondition(random, known);
  if (chance < 0.55) return { type: "not", part: randomQuery(random, known, depth - 1) };
  const type = chance < 0.83 ? "and" : "or";
  const parts = Array.from({ length: random.between(2, 3) }, () => randomQuery(random, known, depth - 1));
  return { type, parts: parts.flatMap((part) => (part.type === type ? part.parts : [part])) };
}

/** So many alternatives that the store looks for them together; most of them find nothing. */
export function wideQuery(random: Random, known: readonly KnownRecord[]): Query {
  const path = random.pick(PATHS);
  const fields = random.pick<Field[]>([["any"], ["message"], ["any", "message"], [{ path }], ["any", "message", { path }]]);
  const parts = Array.from({ length: random.between(17, 28) }, () => alternative(random, known, random.pick(fields)));
  if (random.next() < 0.7) return { type: "or", parts };
  return { type: "and", parts: parts.map((part): Query => ({ type: "not", part })) };
}

function alternative(random: Random, known: readonly KnownRecord[], field: Field): Query {
  if (random.next() < 0.15) return { ...randomRegex(random), field };
  if (typeof field === "object" && random.next() < 0.3) {
    const { values } = random.pick(known);
    return { type: "compare", field, operator: "=", value: random.pick([...values, "42", "1e16", "nobody"]) };
  }
  const parts = randomParts(random, known);
  return {
    type: "text",
    field,
    parts: random.next() < 0.3 ? parts : [...parts, ...(parts.at(-1) === ANY_MANY ? [] : ([ANY_MANY] as const)), "zq"],
  };
}

function randomCondition(random: Random, known: readonly KnownRecord[]): Query {
  const record = random.pick(known);
  const operator = random.pick(COMPARISONS);
  const conditions: (() => Query)[] = [
    () => ({ type: "text", field: "any", parts: randomParts(random, known) }),
    () => ({ type: "text", field: "any", parts: randomParts(random, known) }),
    () => ({
      type: "text",
      field: random.pick<Field>(["message", { path: random.pick(PATHS) }]),
      parts: randomParts(random, known),
    }),
    () => ({ type: "text", field: { path: random.pick(PATHS) }, parts: randomParts(random, known) }),
    () => ({ type: "text", field: "service", parts: randomName(random) }),
    () => ({ type: "severity", operator, index: random.between(0, 5) }),
    () => ({ type: "time", field: "timestamp", operator, time: randomBound(random, known, "ms") }),
    () => ({ type: "time", field: "received_at", operator, time: randomBound(random, known, "receivedMs") }),
    () => ({ type: "id", operator, id: record.id }),
    () => ({ type: "exists", path: random.pick(PATHS) }),
    () => randomComparison(random, record, operator),
    () => randomComparison(random, record, operator),
    () => randomRegex(random),
    () => ({ type: "all" }),
  ];
  return random.pick(conditions)();
}

function randomRegex(random: Random): RegexCondition {
  const field = random.pick<Field>(["any", "any", "message", "service", { path: random.pick(PATHS) }]);
  return { type: "regex", field, pattern: readPattern(random.pick(PATTERNS), random.next() < 0.4) };
}

function randomComparison(random: Random, { message, service, values }: KnownRecord, operator: Comparison): Condition {
  const path = random.pick(PATHS);
  const value = random.pick([...values, "42", "42.0", "3.5", "-7", "true", "null", "m", "", "007", "1e16", "10000000000000001"]);
  return random.pick<Condition>([
    { type: "compare", field: "message", operator, value: message },
    { type: "compare", field: "service", operator, value: service },
    { type: "compare", field: { path }, operator, value },
    { type: "compare", field: { path }, operator, value },
  ]);
}

/** A term as it is, or with wildcards put in at any places. */
function randomParts(random: Random, known: readonly KnownRecord[]): TextCondition["parts"] {
  let term = randomTerm(random, known);
  while (term.trim() === "") term = randomTerm(random, known);
  return random.next() < 0.5 ? [term] : withWildcards(random, term);
}

function withWildcards(random: Random, text: string): TextCondition["parts"] {
  const parts: TextCondition["parts"] = [];
  const wildcard = () => {
    if (random.next() < 0.35 && parts.at(-1) !== ANY_MANY) parts.push(random.next() < 0.75 ? ANY_MANY : ANY_ONE);
  };
  const characters = [...text];
  for (let at = 0; at < characters.length; ) {
    wildcard();
    const length = random.between(1, 4);
    const literal = characters.slice(at, at + length).join("");
    const last = parts.at(-1);
    if (typeof last === "string") parts[parts.length - 1] = last + literal;
    else parts.push(literal);
    // What a wildcard is to stand for.
    at += length + random.pick([0, 0, 0, 1]);
  }
  wildcard();
  return parts.some((part) => typeof part === "string" && part.trim() !== "") ? parts : [text];
}

function randomName(random: Random): TextCondition["parts"] {
  const name = random.pick([...SERVICES, "WEB", "Über", "nobody"]);
  return random.next() < 0.6 ? [name] : withWildcards(random, name);
}
