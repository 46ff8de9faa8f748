const isNumberAsWritten = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON;

/**
 * Tells `visit` of every attribute in an object by its path: names joined by dots, as queries have it. Arrays have no paths
 * of their own, and an object without names stands for itself; so does a number that `parseExactJson` kept as written.
 */
export function visitAttributes(object: object, visit: (path: string, value: unknown) => void, prefix = ""): void {
  for (const [name, value] of Object.entries(object)) {
    const path = prefix + name;
    if (isNested(value)) visitAttributes(value, visit, `${path}.`);
    else visit(path, value);
  }
}

function isNested(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isNumberAsWritten(value)) return false;
  return Object.keys(value).length > 0;
}
