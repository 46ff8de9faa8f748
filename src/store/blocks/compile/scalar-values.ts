/** A test of one value: of text what it stands for, of a number, true, false or null what is written. */
export type ScalarTest = (text: string, isText: boolean) => boolean;

/** Whether a value of the JSON text passes: itself, or one at any depth of an array or an object. */
export function someScalar(json: string, test: ScalarTest): boolean {
  switch (json[0]) {
    case '"':
      return test(json.includes("\\") ? (JSON.parse(json) as string) : json.slice(1, -1), true);
    case "[":
    case "{":
      return someInside(JSON.parse(json), test);
    default:
      return test(json, false);
  }
}

function someInside(value: unknown, test: ScalarTest): boolean {
  if (typeof value === "string") return test(value, true);
  if (typeof value !== "object" || value === null) return test(String(value), false);
  return Object.values(value).some((inner) => someInside(inner, test));
}
