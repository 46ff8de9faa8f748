import { visitAttributes } from "../../schema/attribute-paths.ts";
import { parseExactJson } from "../../schema/exact-json.ts";
import { sanitizeJson, sanitizeText } from "./sanitize.ts";

/** A value that logfmt readers take as it is; anything else is quoted. */
const BARE_VALUE = /^[^\s"=\\\p{C}\p{Z}]+$/u;
const NOT_IN_KEY = /[\s"=\p{C}\p{Z}]/gu;

/** `key=value` as logfmt has it: one line, the value quoted and escaped like a JSON string where it has to be. */
export function formatPair(key: string, value: string): string {
  return `${formatKey(key)}=${formatValue(value)}`;
}

/** The attributes of a record as pairs, by the paths that queries know them by. `attributes` is JSON text or empty. */
export function attributePairs(attributes: string): [path: string, value: string][] {
  if (attributes === "") return [];
  const pairs: [path: string, value: string][] = [];
  visitAttributes(parseExactJson(attributes) as object, (path, value) =>
    pairs.push([path, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  return pairs;
}

function formatKey(key: string): string {
  return key === "" ? "_" : sanitizeText(key.replace(NOT_IN_KEY, "_"));
}

function formatValue(value: string): string {
  const quoted = sanitizeJson(JSON.stringify(value));
  // Where nothing had to be escaped, only the two quotes were added.
  return quoted.length === value.length + 2 && BARE_VALUE.test(value) ? value : quoted;
}
