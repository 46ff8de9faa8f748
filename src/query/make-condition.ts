import { SEVERITIES, severityIndexOfWord } from "../schema/severity.ts";
import { parseTimestamp } from "../schema/timestamp.ts";
import { ANY_MANY, type Comparison, type Field, type Query, type RegexPattern } from "./query.ts";
import { queryError } from "./query-error.ts";
import { literalOf, type Parts } from "./read-word.ts";

/** A field as it was named, and where. */
export type Place = { field: string; at: number };

/** Before the name of an attribute that is named like one of a record's own fields. */
const ATTRIBUTES = "attributes.";
const WHOLE_NUMBER = /^\d{1,15}$/;

/** The field in which texts are found; undefined for one that has no texts. */
function textFieldOf(name: string): Exclude<Field, "any"> | undefined {
  switch (name) {
    case "message":
    case "service":
      return name;
    case "severity":
    case "timestamp":
    case "received_at":
    case "id":
      return undefined;
    default:
      return { path: name.startsWith(ATTRIBUTES) ? name.slice(ATTRIBUTES.length) : name };
  }
}

/** The field is there. A record's own fields always are. */
export function describesField({ field }: Place): Query {
  const known = textFieldOf(field);
  return typeof known === "object" ? { type: "exists", path: known.path } : { type: "all" };
}

/** The text occurs, anywhere or in the field. `at` is where it stands, for errors. */
export function findText(place: Place | undefined, parts: Parts, at: number): Query {
  if (parts.length === 1 && parts[0] === ANY_MANY) return place === undefined ? { type: "all" } : describesField(place);
  const texts = parts.filter((part) => typeof part === "string");
  if (texts.join("").trim() === "") {
    throw queryError(
      at,
      texts.length === parts.length ? "the phrase is blank" : "expected at least one letter beside '*' and '?'",
    );
  }
  if (place === undefined) return { type: "text", field: "any", parts };
  const field = textFieldOf(place.field);
  if (field !== undefined) return { type: "text", field, parts };
  const value = literalOf(parts);
  if (value === undefined) throw queryError(at, `${place.field} has no wildcards`);
  return compare(place, "=", value, at);
}

/** The field's value compares so with `value`. */
export function compare({ field }: Place, operator: Comparison, value: string, at: number): Query {
  const known = textFieldOf(field);
  if (known !== undefined) return { type: "compare", field: known, operator, value };
  if (field === "severity") {
    const index = severityIndexOfWord(value);
    if (index < 0) throw queryError(at, `'${value}' is no severity; use one of ${SEVERITIES.join(", ")}`);
    return { type: "severity", operator, index };
  }
  if (field === "id") {
    if (!WHOLE_NUMBER.test(value)) throw queryError(at, `'${value}' is no id, which is a whole number`);
    return { type: "id", operator, id: Number(value) };
  }
  const time = parseTimestamp(value);
  if (time === undefined) throw queryError(at, `'${value}' is no time; use 2026-11-24T10:00:00Z or a time since the epoch`);
  return { type: "time", field: field as "timestamp" | "received_at", operator, time };
}

/** The regular expression matches in the message, or in the field. */
export function match(place: Place | undefined, pattern: RegexPattern, at: number): Query {
  if (place === undefined) return { type: "regex", field: "any", pattern };
  const field = textFieldOf(place.field);
  if (field === undefined) throw queryError(at, `${place.field} takes no regular expression; use : = != > >= < <=`);
  return { type: "regex", field, pattern };
}
