import { ANY_MANY, type Comparison, type Query, type TextCondition } from "../../src/query/query.ts";
import { SEVERITIES } from "../../src/schema/severity.ts";
import { formatTimestamp } from "../../src/schema/timestamp.ts";

const OWN_FIELDS = ["service", "severity", "message", "timestamp", "received_at", "id"];

/** A query as text that is read as this very query. */
export function printQuery(query: Query): string {
  switch (query.type) {
    case "all":
      return "*";
    case "and":
    case "or":
      return query.parts.map(printPart).join(query.type === "and" ? " " : " OR ");
    case "not":
      return `NOT ${printPart(query.part)}`;
    case "text":
      return printField(query.field, ":") + printParts(query.parts);
    case "regex": {
      const source = query.pattern.source.replace(/\\.|\//gs, (found) => (found === "/" ? "\\/" : found));
      return `${printField(query.field, ":")}/${source}/${query.pattern.ignoreCase ? "i" : ""}`;
    }
    case "compare":
      return printField(query.field, query.operator) + quote(query.value);
    case "exists":
      return `${printField(query, ":")}*`;
    case "severity":
      return `severity${query.operator}${SEVERITIES[query.index]}`;
    case "time":
      return `${query.field}${query.operator}${formatTimestamp(query.time.ms, query.time.nanos, query.time.digits)}`;
    case "id":
      return `id${query.operator}${query.id}`;
  }
}

function printPart(part: Query): string {
  return part.type === "and" || part.type === "or" ? `(${printQuery(part)})` : printQuery(part);
}

function printField(field: TextCondition["field"], operator: Comparison | ":"): string {
  if (field === "any") return "";
  if (typeof field === "string") return field + operator;
  const { path } = field;
  const name = OWN_FIELDS.includes(path) || path.startsWith("attributes.") ? `attributes.${path}` : path;
  return (/^\w[\w.]*$/.test(name) && !/^(?:AND|OR|NOT)$/.test(name) ? name : quote(name)) + operator;
}

function printParts(parts: TextCondition["parts"]): string {
  const [first] = parts;
  if (parts.length === 1 && typeof first === "string") return quote(first);
  return parts
    .map((part) =>
      typeof part === "string" ? part.replace(/[\\:=<>~!()"*?/&|+\-[\]{}\s]/g, "\\$&") : part === ANY_MANY ? "*" : "?",
    )
    .join("");
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
