import { type RegexNode, sizeOf } from "./regex-tree.ts";

/**
 * How many steps an engine that goes back to try again may take over a text: at most `factor * length ** power`. Every
 * way to match is counted: a repeat of one fixed thing can end at each character of the text (one more power), a bounded
 * one after each of its counts, and of alternatives each can be tried (a factor). What repeats something that itself can
 * match in several ways, such as (a+)+ or (a|b)*, may take exponentially many: both are infinite.
 */
export function stepsOf(tree: RegexNode): { factor: number; power: number } {
  const { ways, power } = waysOf(tree);
  return { factor: ways * sizeOf(tree), power: power + (isAnchored(tree) ? 0 : 1) };
}

type Ways = { ways: number; power: number };

const ONE_WAY: Ways = { ways: 1, power: 0 };
const HOPELESS: Ways = { ways: Number.POSITIVE_INFINITY, power: Number.POSITIVE_INFINITY };

function waysOf(node: RegexNode): Ways {
  switch (node.type) {
    case "sequence":
      return node.parts
        .map(waysOf)
        .reduce((sum, part) => ({ ways: sum.ways * part.ways, power: sum.power + part.power }), ONE_WAY);
    case "alternatives":
      return node.parts
        .map(waysOf)
        .reduce((sum, part) => ({ ways: sum.ways + part.ways, power: Math.max(sum.power, part.power) }), { ways: 0, power: 0 });
    case "repeat":
      return waysOfRepeat(waysOf(node.part), node.min, node.max, canBeEmpty(node.part));
    default:
      return ONE_WAY;
  }
}

function waysOfRepeat(part: Ways, min: number, max: number, empty: boolean): Ways {
  const isFixed = part.ways === 1 && part.power === 0 && !empty;
  if (max === Number.POSITIVE_INFINITY) return isFixed ? { ways: 1, power: 1 } : HOPELESS;
  if (isFixed) return { ways: max - min + 1, power: 0 };
  let { ways, power } = ONE_WAY;
  for (let count = 1; count <= max && ways < Number.POSITIVE_INFINITY; count += 1) {
    ways = ways * part.ways + (count > min ? 1 : 0);
    power += part.power;
  }
  return { ways, power };
}

function canBeEmpty(node: RegexNode): boolean {
  switch (node.type) {
    case "sequence":
      return node.parts.every(canBeEmpty);
    case "alternatives":
      return node.parts.some(canBeEmpty);
    case "repeat":
      return node.min === 0 || canBeEmpty(node.part);
    default:
      return node.type === "assertion";
  }
}

/** It can only match at the text's start. */
function isAnchored(node: RegexNode): boolean {
  if (node.type === "sequence") return node.parts[0] !== undefined && isAnchored(node.parts[0]);
  if (node.type === "alternatives") return node.parts.every(isAnchored);
  return node.type === "assertion" && node.assertion === "^";
}
