import { foldCase } from "../index/words.ts";
import { createNeedles } from "./needles.ts";
import type { QueryHashes } from "./query-hashes.ts";
import type { AttributeLeaf, ManyLeaf, MessageLeaf, QueryNode, TextLeaf, ValueTest } from "./query-node.ts";
import { someScalar } from "./scalar-values.ts";

/** From so many alternatives on it pays to look for them together. */
export const MANY = 16;

/** A test of an attribute's value, any of whose texts and numbers may pass. */
export function attributeLeaf(
  path: string,
  test: ValueTest,
  alternatives: QueryHashes[],
  acceptsNumber?: (number: number) => boolean,
): AttributeLeaf {
  const accepts = (json: string) => someScalar(json, test.accepts);
  return { type: "attribute", path, accepts, test, alternatives, ...(acceptsNumber && { acceptsNumber }) };
}

/** The parts of an OR, with many of one kind made one. */
export function joinAlternatives(parts: readonly QueryNode[]): QueryNode[] {
  const texts: (TextLeaf | MessageLeaf)[] = [];
  const byPath = new Map<string, AttributeLeaf[]>();
  const others: QueryNode[] = [];
  for (const part of parts) {
    if (part.type === "text" || (part.type === "message" && literalOf(part) !== "")) texts.push(part);
    else if (part.type === "attribute" && part.test !== undefined) {
      const before = byPath.get(part.path);
      if (before === undefined) byPath.set(part.path, [part]);
      else before.push(part);
    } else others.push(part);
  }
  const joined = texts.length < MANY ? undefined : joinTexts(texts);
  const values = [...byPath].flatMap(([path, leaves]) => (leaves.length < MANY ? leaves : [joinValues(path, leaves)]));
  return [...others, ...(joined === undefined ? texts : [joined]), ...values];
}

function literalOf(leaf: TextLeaf | MessageLeaf): string {
  return leaf.type === "text" ? leaf.term.needle : foldCase(leaf.literal);
}

function joinTexts(parts: (TextLeaf | MessageLeaf)[]): ManyLeaf | undefined {
  const inJson = parts.map((part) => (part.type === "text" && part.inAttributes ? part.term.jsonNeedle : ""));
  const needles = createNeedles(parts.map(literalOf));
  const jsonNeedles = inJson.some((text) => text !== "") ? createNeedles(inJson) : undefined;
  if (needles === undefined || (jsonNeedles === undefined && inJson.some((text) => text !== ""))) return undefined;
  return { type: "many", parts, needles, jsonNeedles };
}

/** Tests of one attribute as one test, which reads each value once. */
function joinValues(path: string, leaves: readonly AttributeLeaf[]): AttributeLeaf {
  const tests = leaves.flatMap(({ test }) => test ?? []);
  const numberTests = leaves.flatMap(({ acceptsNumber }) => acceptsNumber ?? []);
  const needles = createNeedles(tests.map(({ literal }) => literal));
  const others = needles === undefined ? tests : tests.filter(({ literal }) => literal === "");
  // The number of the last text for which each was tried: a literal may occur in it often.
  const triedFor = new Uint32Array(tests.length);
  let texts = 0;
  let text = "";
  let isText = false;
  const passes = (index: number) => {
    if (triedFor[index] === texts) return false;
    triedFor[index] = texts;
    return (tests[index] as ValueTest).accepts(text, isText);
  };
  const accepts: ValueTest["accepts"] = (value, isValueText) => {
    texts += 1;
    text = value;
    isText = isValueText;
    if (others.some((test) => test.accepts(value, isValueText))) return true;
    const folded = foldCase(value);
    return needles?.some(folded, 0, folded.length, passes) ?? false;
  };
  return attributeLeaf(
    path,
    { accepts, literal: "" },
    leaves.flatMap(({ alternatives }) => alternatives),
    numberTests.length < leaves.length ? undefined : (number) => numberTests.some((test) => test(number)),
  );
}
