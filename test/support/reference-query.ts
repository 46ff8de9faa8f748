import { ANY_MANY, type Comparison, type Query, type TextCondition } from "../../src/query/query.ts";
import type { KnownRecord } from "./random-records.ts";

type Judge = (record: KnownRecord) => boolean;

/**
 * Whether a query finds a record, as README words it. It cuts texts into tokens and compares these, whereas the store looks
 * for characters and then at what stands around them; it parses attributes, and takes each regular expression as it is.
 */
export function judgeByHand(query: Query): Judge {
  switch (query.type) {
    case "all":
      return () => true;
    case "and": {
      const parts = query.parts.map(judgeByHand);
      return (record) => parts.every((part) => part(record));
    }
    case "or": {
      const parts = query.parts.map(judgeByHand);
      return (record) => parts.some((part) => part(record));
    }
    case "not": {
      const part = judgeByHand(query.part);
      return (record) => !part(record);
    }
    case "text":
      return judgeText(query);
    case "exists":
      return (record) => lookUp(parsedOf(record), query.path) !== undefined;
    case "regex": {
      const regex = new RegExp(query.pattern.source, query.pattern.ignoreCase ? "iu" : "u");
      return (record) => scalarsOf(record, query.field).some(({ text }) => regex.test(text));
    }
    case "compare":
      return (record) => scalarsOf(record, query.field).some((scalar) => compares(scalar, query.operator, query.value));
    case "severity":
      return ({ severity }) => holds(severity - query.index, query.operator);
    case "id":
      return ({ id }) => holds(id - query.id, query.operator);
    case "time": {
      const { field, operator, time } = query;
      return ({ ms, nanos, receivedMs }) =>
        holds(field === "timestamp" ? ms - time.ms || nanos - time.nanos : receivedMs - time.ms || 0 - time.nanos, operator);
    }
  }
}

function holds(difference: number, operator: Comparison): boolean {
  return (
    (difference === 0 && operator.includes("=")) ||
    (difference > 0 && operator[0] === ">") ||
    (difference < 0 && operator[0] === "<")
  );
}

type Scalar = { text: string; value: unknown };

/** The values in which a condition on the field may hold. */
function scalarsOf(record: KnownRecord, field: TextCondition["field"]): Scalar[] {
  if (field === "any" || field === "message") return [{ text: record.message, value: record.message }];
  if (field === "service") return [{ text: record.service, value: record.service }];
  const value = lookUp(parsedOf(record), field.path);
  return value === undefined ? [] : flatten(value);
}

function flatten(value: unknown): Scalar[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(flatten);
  return [{ text: String(value), value }];
}

const parsed = new WeakMap<KnownRecord, unknown>();

function parsedOf(record: KnownRecord): unknown {
  if (!parsed.has(record)) parsed.set(record, JSON.parse(record.attributes || "{}"));
  return parsed.get(record);
}

/** The names of a path are joined by dots, and may have dots: all ways to cut it are tried, and several values are as an array. */
function lookUp(value: unknown, path: string): unknown {
  const found = lookUpAll(value, path);
  return found.length > 1 ? found : found[0];
}

function lookUpAll(value: unknown, path: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === path) return [inner];
    return path.startsWith(`${name}.`) ? lookUpAll(inner, path.slice(name.length + 1)) : [];
  });
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

function compares({ text, value }: Scalar, operator: Comparison, wanted: string): boolean {
  const bothLarge = [text, wanted].every((each) => NUMBER.test(each) && Math.abs(Number(each)) > Number.MAX_SAFE_INTEGER);
  if (operator === "=" && typeof value === "string" && bothLarge) return differenceOf(text, wanted) === 0n;
  if (operator === "=") return text === wanted || (typeof value === "number" && NUMBER.test(wanted) && value === Number(wanted));
  // Not by subtraction: of infinite ones there is no difference.
  const order = <Value>(a: Value, b: Value) => (a === b ? 0 : a < b ? -1 : 1);
  if (NUMBER.test(text) && NUMBER.test(wanted) && typeof value === "string") {
    const difference = differenceOf(text, wanted);
    return holds(difference === 0n ? 0 : difference < 0n ? -1 : 1, operator);
  }
  if (NUMBER.test(text) && NUMBER.test(wanted)) return holds(order(Number(text), Number(wanted)), operator);
  return typeof value === "string" && holds(order(text, wanted), operator);
}

/** Exact: both are made whole numbers by the same power of ten. */
function differenceOf(a: string, b: string): bigint {
  const parts = [a, b].map((text) => {
    const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
    const [whole = "", fraction = ""] = mantissa.split(".");
    return {
      digits: BigInt(whole.replace("-", "") + fraction) * (whole.startsWith("-") ? -1n : 1n),
      power: Number(exponent) - fraction.length,
    };
  });
  const lowest = Math.min(...parts.map(({ power }) => power));
  const [left = 0n, right = 0n] = parts.map(({ digits, power }) => digits * 10n ** BigInt(power - lowest));
  return left - right;
}

function judgeText({ field, parts }: TextCondition): Judge {
  if (field === "service") {
    const whole = new RegExp(`^${patternOf(parts, ".*", ".")}$`, "su");
    return ({ service }) => whole.test(fold(service));
  }
  const [first] = parts;
  const tokens = parts.length === 1 && typeof first === "string" ? tokensOf(first) : undefined;
  const pattern = tokens === undefined ? wordPatternOf(parts) : undefined;
  // A regular expression takes long to find that a text has nothing of it.
  const literals = parts.filter((part) => typeof part === "string").map(fold);
  const occursIn = (text: string) => {
    if (pattern === undefined) return tokensOfText(text).includes(tokens as string);
    const folded = fold(text);
    return literals.every((literal) => folded.includes(literal)) && pattern.test(folded);
  };
  if (field === "any") return ({ message, values }) => [message, ...values].some(occursIn);
  return (record) => scalarsOf(record, field).some(({ text }) => occursIn(text));
}

/** The dotted capital I is an I. */
function fold(text: string): string {
  return text.replaceAll("İ", "I").toLowerCase().replaceAll("ς", "σ");
}

const SPACELESS =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
/** A unit of a word that has several. Scripts written without spaces, and what lies beyond the basic plane, have none. */
const LETTER = `[[\\p{L}\\p{M}\\p{N}_]--[${SPACELESS}]--[\\u{10000}-\\u{10FFFF}]]`;
const NO_SEPARATOR = `[\\p{L}\\p{M}\\p{N}_${SPACELESS}\\u{10000}-\\u{10FFFF}]`;
const NOT_INSIDE_WORD = `(?:(?<!${LETTER})|(?!${LETTER}))`;

function patternOf(parts: TextCondition["parts"], many: string, one: string): string {
  return parts
    .map((part) =>
      typeof part === "string"
        ? fold(part).replace(/[^\p{L}\p{N}\p{M}_\s]/gu, (unit) => `\\u{${unit.codePointAt(0)?.toString(16)}}`)
        : part === ANY_MANY
          ? many
          : one,
    )
    .join("");
}

function wordPatternOf(parts: TextCondition["parts"]): RegExp {
  const start = parts[0] === ANY_MANY ? "" : NOT_INSIDE_WORD;
  const end = parts.at(-1) === ANY_MANY ? "" : NOT_INSIDE_WORD;
  const inner = parts.slice(start === "" ? 1 : 0, end === "" ? -1 : undefined);
  return new RegExp(start + patternOf(inner, `${NO_SEPARATOR}*`, NO_SEPARATOR) + end, "v");
}

const TOKEN = new RegExp(`${LETTER}+|.`, "gsv");
/** Stands around each token; occurs in no text. */
const MARK = "\ue000";

/** Words in lower case, and every other character as it is: a term occurs where its tokens follow one another. */
function tokensOf(text: string): string {
  return `${MARK}${(fold(text).match(TOKEN) ?? []).join(MARK)}${MARK}`;
}

/** The tokens of texts are made once. */
const known = new Map<string, string>();

function tokensOfText(text: string): string {
  let tokens = known.get(text);
  if (tokens === undefined) {
    tokens = tokensOf(text);
    known.set(text, tokens);
  }
  return tokens;
}
