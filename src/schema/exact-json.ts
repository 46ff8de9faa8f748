/** In the engine, not yet in TypeScript's library: a reviver is told the source of a number, and rawJSON writes it as it was. */
const exactJson = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
};

/**
 * Parses JSON and keeps every number as it was written, whatever its digits, for `JSON.stringify` to write it so again
 * (ECMAScript 2026, "JSON.parse source text access"). Throws as `JSON.parse` does, and a RangeError where values are
 * nested some thousand levels deep.
 */
export function parseExactJson(text: string): unknown {
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source ? exactJson.rawJSON(source) : value,
  );
}
