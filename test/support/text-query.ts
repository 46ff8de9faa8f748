import type { Query } from "../../src/query/query.ts";

/** The query for records in which all of the texts occur, as words. */
export function textQuery(...texts: string[]): Query {
  const parts = texts.map((text): Query => ({ type: "text", field: "any", parts: [text] }));
  return parts.length === 1 ? (parts[0] as Query) : { type: "and", parts };
}
