import type { Range, RegexNode } from "./regex-tree.ts";

export type Engine = "builtin" | "linear";

/** The tree as text for an engine: the built-in one with the flag `u`, or re2js. Groups take nothing down, which is quicker. */
export function writeRegex(node: RegexNode, engine: Engine): string {
  switch (node.type) {
    case "character":
      return writeCode(node.code, engine);
    case "class":
      return writeClass(node, engine);
    case "assertion":
      return node.assertion;
    case "sequence":
      return node.parts.map((part) => (part.type === "alternatives" ? group(part, engine) : writeRegex(part, engine))).join("");
    case "alternatives":
      return node.parts.map((part) => writeRegex(part, engine)).join("|");
    case "repeat":
      return writeRepeated(node.part, engine) + writeCounts(node.min, node.max) + (node.lazy ? "?" : "");
  }
}

function group(node: RegexNode, engine: Engine): string {
  return `(?:${writeRegex(node, engine)})`;
}

function writeRepeated(node: RegexNode, engine: Engine): string {
  return node.type === "character" || node.type === "class" ? writeRegex(node, engine) : group(node, engine);
}

function writeCounts(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  if (min === 0 && max === 1) return "?";
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function writeCode(code: number, engine: Engine): string {
  const character = String.fromCodePoint(code);
  if (/[A-Za-z0-9_]/.test(character)) return character;
  return `\\${engine === "builtin" ? "u" : "x"}{${code.toString(16)}}`;
}

function writeClass({ negated, ranges, properties }: Extract<RegexNode, { type: "class" }>, engine: Engine): string {
  const write = ([first, last]: Range) =>
    first === last ? writeCode(first, engine) : `${writeCode(first, engine)}-${writeCode(last, engine)}`;
  return `[${negated ? "^" : ""}${ranges.map(write).join("")}${properties.join("")}]`;
}
