import { ALL_SEVERITIES } from "../../../query/filter.ts";
import type { CompareCondition, Condition, Query, RegexCondition, TextCondition } from "../../../query/query.ts";
import { SEVERITIES } from "../../../schema/severity.ts";
import { foldCase } from "../index/words.ts";
import { compileComparison, compileNumberComparison, compileOrder, isKeptAsText, NUMBER } from "./compare-scalar.ts";
import { compileRegex } from "./compile-regex.ts";
import { compileWholeGlob } from "./glob.ts";
import { attributeLeaf, joinAlternatives, MANY } from "./join-alternatives.ts";
import { foldedLiteral, messageLeaf } from "./message-leaf.ts";
import { queryHashes } from "./query-hashes.ts";
import type { ColumnLeaf, QueryNode } from "./query-node.ts";
import { literalHashes } from "./regex-hashes.ts";
import { compileTerm, occursIn } from "./term.ts";
import { timesOf } from "./time-bounds.ts";

const ALL: QueryNode = { type: "all" };
const NONE: QueryNode = { type: "none" };
/** Numbers that are written in one way only. */
const INTEGER = /^-?(?:0|[1-9]\d{0,14})$/;

/** Makes a query ready, once a search. Conditions on severities become one, as do those on services; cheap ones come first. */
export function compileQuery(query: Query): QueryNode {
  switch (query.type) {
    case "all":
      return ALL;
    case "and":
    case "or":
      return combine(query.type, query.parts.map(compileQuery));
    case "not":
      return negate(compileQuery(query.part));
    default:
      return compileCondition(query);
  }
}

function combine(type: "and" | "or", nodes: QueryNode[]): QueryNode {
  const [neutral, decisive] = type === "and" ? ["all", "none"] : ["none", "all"];
  const parts: QueryNode[] = [];
  // What was merged may have parts of the same kind, and what was left out of it may now be nothing at all.
  for (const node of nodes.flatMap((node) => (node.type === type ? node.parts : [node]))) {
    const at = parts.findIndex((part) => part.type === node.type);
    const merged = at < 0 ? undefined : merge(type, parts[at] as QueryNode, node);
    if (merged === undefined) parts.push(node);
    else parts[at] = merged;
  }
  if (parts.some((part) => part.type === decisive)) return decisive === "all" ? ALL : NONE;
  const joined = type === "or" ? joinAlternatives(parts) : joinExclusions(parts);
  const left = joined.filter((part) => part.type !== neutral).sort((a, b) => costOf(a) - costOf(b));
  if (left.length === 0) return neutral === "all" ? ALL : NONE;
  return left.length === 1 ? (left[0] as QueryNode) : { type, parts: left };
}

/** What none of many may match is what does not match one of many. */
function joinExclusions(parts: QueryNode[]): QueryNode[] {
  const excluded = parts.flatMap((part) => (part.type === "not" ? [part.part] : []));
  if (excluded.length < MANY) return parts;
  return [...parts.filter(({ type }) => type !== "not"), negate(combine("or", excluded))];
}

function merge(type: "and" | "or", a: QueryNode, b: QueryNode): QueryNode | undefined {
  if (a.type === "severity" && b.type === "severity") return severities(type === "and" ? a.mask & b.mask : a.mask | b.mask);
  if (a.type !== "service" || b.type !== "service") return undefined;
  const accepts =
    type === "and" ? (name: string) => a.accepts(name) && b.accepts(name) : (name: string) => a.accepts(name) || b.accepts(name);
  return { type: "service", accepts };
}

function negate(node: QueryNode): QueryNode {
  switch (node.type) {
    case "all":
      return NONE;
    case "none":
      return ALL;
    case "not":
      return node.part;
    case "severity":
      return severities(ALL_SEVERITIES & ~node.mask);
    case "service":
      return { type: "service", accepts: (name) => !node.accepts(name) };
    default:
      return { type: "not", part: node };
  }
}

function severities(mask: number): QueryNode {
  if (mask === 0) return NONE;
  return mask === ALL_SEVERITIES ? ALL : { type: "severity", mask };
}

/** What is read to decide: nothing but numbers, messages and attributes once, or value by value. */
function costOf(node: QueryNode): number {
  switch (node.type) {
    case "and":
    case "or":
      return node.parts.reduce((most, part) => Math.max(most, costOf(part)), 0);
    case "not":
      return costOf(node.part);
    case "text":
      return node.inAttributes ? 2 : 1;
    case "message":
      return node.literal === "" ? 4 : 1;
    case "many":
      return node.jsonNeedles === undefined ? 1 : 2;
    case "attribute":
      return 3;
    default:
      return 0;
  }
}

function compileCondition(condition: Condition): QueryNode {
  switch (condition.type) {
    case "text":
      return compileText(condition);
    case "regex":
      return compileRegexCondition(condition);
    case "compare":
      return compileCompare(condition);
    case "exists":
      return { type: "attribute", path: condition.path, accepts: () => true, alternatives: [queryHashes([])] };
    case "severity": {
      const isWanted = compileOrder(condition.operator);
      return severities(
        SEVERITIES.reduce((mask, _, index) => (isWanted(index - condition.index) ? mask | (1 << index) : mask), 0),
      );
    }
    case "time":
      return { type: "time", field: condition.field, ...timesOf(condition.operator, condition.time) };
    case "id":
      return idsOf(condition.operator, condition.id);
  }
}

function idsOf(operator: CompareCondition["operator"], id: number): ColumnLeaf {
  const first = operator === ">" ? id + 1 : operator === ">=" || operator === "=" ? id : 0;
  const last = operator === "<" ? id - 1 : operator === "<=" || operator === "=" ? id : Number.POSITIVE_INFINITY;
  return { type: "id", first, last };
}

function compileText({ field, parts }: TextCondition): QueryNode {
  if (field === "service") return { type: "service", accepts: compileWholeGlob(parts) };
  const term = compileTerm(parts);
  if (field === "any" || field === "message") return { type: "text", inAttributes: field === "any", term };
  const accepts = (text: string) => occursIn(term, foldCase(text));
  return attributeLeaf(field.path, { accepts, literal: term.needle }, [term.hashes]);
}

function compileRegexCondition({ field, pattern }: RegexCondition): QueryNode {
  const matches = compileRegex(pattern);
  if (field === "service") return { type: "service", accepts: matches };
  const { literals, ignoreCase, usesPlaces } = pattern;
  const hashes = literalHashes(pattern);
  if (typeof field === "object") {
    return attributeLeaf(field.path, { accepts: matches, literal: foldedLiteral(literals, ignoreCase) }, [hashes]);
  }
  return messageLeaf(literals, { accepts: matches, folded: ignoreCase, passesInParts: !usesPlaces, hashes });
}

function compileCompare({ field, operator, value }: CompareCondition): QueryNode {
  const wanted = value.toWellFormed();
  const test = compileComparison(operator, wanted);
  const accepts = operator === "=" ? (text: string) => text === wanted : (text: string) => test(text, true);
  if (field === "service") return { type: "service", accepts };
  const literal = operator === "=" ? wanted : "";
  if (field === "message") {
    const literals = literal === "" ? [] : [literal];
    return messageLeaf(literals, { accepts, folded: false, passesInParts: false, hashes: queryHashes([foldCase(literal)]) });
  }
  // A number equal to 1.5 may be written as 1.50, and one beyond 2^53 with an exponent.
  const writtenInOneWay = !NUMBER.test(literal) || (INTEGER.test(literal) && !isKeptAsText(Number(literal)));
  const hashes = queryHashes(writtenInOneWay ? [foldCase(literal)] : []);
  const acceptsNumber = compileNumberComparison(operator, wanted);
  const valueTest = { accepts: test, literal: NUMBER.test(literal) ? "" : foldCase(literal) };
  return attributeLeaf(field.path, valueTest, [hashes], acceptsNumber);
}
